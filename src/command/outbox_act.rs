//! `duban outbox retry` and `discard`: what somebody does to messages by hand.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Write};

use crate::command::Failure;
use crate::command::cli::trust::{Act, Which};
use crate::command::desk::{Desk, failed, hinted};
use crate::command::outbox::{find, wanted};
use crate::command::task::name_of;
use crate::domain::id::MessageId;
use crate::store::{Deed, DeskAct, Store};

/// So many messages are discarded without asking.
const ASKED_FROM: usize = 2;
/// So many refusals are told.
const REFUSALS_MAX: usize = 20;

/// Tries messages again.
pub(super) async fn retry(
    desk: &Desk,
    store: &Store,
    named: &[String],
    which: &Which,
    act: &Act,
    again: bool,
) -> Result<(), Failure> {
    let ids = reachable(desk, store, chosen(store, named, which).await?, !named.is_empty()).await?;
    done(desk, store, &ids, act, Deed::Retry { again }).await?;
    writeln!(io::stdout().lock(), "tried again at once: {}", messages(ids.len()))?;
    Ok(())
}

/// Does not send messages.
pub(super) async fn discard(
    desk: &Desk,
    store: &Store,
    named: &[String],
    which: &Which,
    act: &Act,
    yes: bool,
) -> Result<(), Failure> {
    if act.note.as_ref().is_none_or(|note| note.trim().is_empty()) {
        return Err(Failure::NotUnderstood(anyhow::anyhow!(
            "a message is not discarded without a reason\n  hint: --note \"told by telephone\""
        )));
    }
    let ids = chosen(store, named, which).await?;
    if ids.len() >= ASKED_FROM && !yes && !is_sure(ids.len())? {
        return Err(hinted(
            &format!("{} would be discarded", messages(ids.len())),
            "say --yes if you mean it",
        ));
    }
    done(desk, store, &ids, act, Deed::Discard).await?;
    writeln!(io::stdout().lock(), "discarded: {}", messages(ids.len()))?;
    Ok(())
}

/// Those that are named, or all that are meant; not one without being asked for.
async fn chosen(store: &Store, named: &[String], which: &Which) -> Result<Vec<MessageId>, Failure> {
    if named.is_empty() == which.is_empty() {
        return Err(Failure::NotUnderstood(anyhow::anyhow!(
            "name messages, or say which: --state, --channel, --to\n  hint: `duban outbox list` shows them"
        )));
    }
    let mut ids = Vec::new();
    for beginning in named {
        ids.push(find(store, beginning).await?);
    }
    if named.is_empty() {
        let messages = store.wanted_messages(&wanted(which), u32::MAX).await.map_err(failed)?;
        ids.extend(messages.into_iter().map(|message| message.id));
    }
    ids.sort();
    ids.dedup();
    if ids.is_empty() {
        return Err(hinted("there is no such message", "`duban outbox list` shows them"));
    }
    Ok(ids)
}

/// Those whose channel is in the configuration: nobody would send the others. Of those that are named each must be; of
/// those that are only meant the others are left as they are, and told.
async fn reachable(desk: &Desk, store: &Store, ids: Vec<MessageId>, is_named: bool) -> Result<Vec<MessageId>, Failure> {
    const HINT: &str = "configure the channel again, or let its people be told by another: \
                        what still holds is planned again by itself";
    let (mut here, mut gone, mut channels) = (Vec::new(), 0_usize, BTreeSet::new());
    for id in ids {
        let message = store.message(&id).await.map_err(failed)?;
        let channel = message.map(|message| message.channel);
        match channel.filter(|channel| !desk.config.channels.contains_key(channel)) {
            Some(channel) => {
                gone += 1;
                channels.insert(channel.to_string());
            }
            None => here.push(id),
        }
    }
    if gone == 0 {
        return Ok(here);
    }
    let names: Vec<String> = channels.into_iter().collect();
    let what = format!(
        "{} cannot be tried again: not in the configuration any more: channel {}",
        messages(gone),
        names.join(", ")
    );
    if is_named || here.is_empty() {
        return Err(hinted(&format!("nothing was done: {what}"), HINT));
    }
    writeln!(io::stderr().lock(), "left as it is: {what}\n  hint: {HINT}")?;
    Ok(here)
}

async fn done(desk: &Desk, store: &Store, ids: &[MessageId], act: &Act, deed: Deed) -> Result<(), Failure> {
    let act = DeskAct {
        deed,
        by: name_of(act.by.as_deref(), &desk.env)?,
        note: act.note.clone(),
    };
    let done = store.desk(desk.clock.now(), ids, &act).await.map_err(failed)?;
    done.map_err(|mut refusals| {
        let more = refusals.len().saturating_sub(REFUSALS_MAX);
        refusals.truncate(REFUSALS_MAX);
        if more > 0 {
            refusals.push(format!("… and {more} more"));
        }
        Failure::Failed(anyhow::anyhow!("nothing was done: {}", refusals.join("\n  ")))
    })
}

fn messages(number: usize) -> String {
    format!("{number} message{}", if number == 1 { "" } else { "s" })
}

/// Asks, where somebody is there to be asked.
fn is_sure(number: usize) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        return Ok(false);
    }
    let mut err = io::stderr().lock();
    write!(err, "Discard {number} messages? Type yes: ")?;
    err.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(answer.trim().eq_ignore_ascii_case("yes"))
}
