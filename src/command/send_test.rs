//! `duban send-test`: one message, at once, past the outbox, and what the other side said.

use std::io::{self, Write};
use std::path::Path;

use chrono::{DateTime, Utc};

use crate::channel::{Channels, Parcel};
use crate::command::Failure;
use crate::command::cli::SendTest;
use crate::command::desk::{Desk, failed, hinted, note};
use crate::command::picture::{near, unknown};
use crate::config::Config;
use crate::domain::id::{ChannelId, PersonId};
use crate::domain::message::{Content, MessageKind};
use crate::domain::notice::{Recipient, RecipientKind};
use crate::domain::people::{ChannelKind, Locale, Person};
use crate::render::Renderer;
use crate::rules::compose;

/// The time as messages to people write it.
const MINUTE: &str = "%Y-%m-%d %H:%M";

/// Where the test goes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    recipient: Recipient,
    channel: ChannelId,
    locale: Locale,
    /// The mail address, where the channel needs one.
    address: Option<String>,
}

pub(super) async fn send_test(flag: Option<&Path>, args: &SendTest) -> Result<(), Failure> {
    let desk = Desk::open(flag)?;
    let now = desk.clock.now();
    let meant = find(&desk.config, &args.target)?;
    let target = on_trial(&desk.config, &meant)?;
    let trial_for = (target != meant).then(|| format!("{} ({})", meant.recipient.name, meant.channel));
    if let Some(meant) = &trial_for {
        note(&format!(
            "a trial is on: what is for {meant} goes to {} by {}",
            target.recipient.name, target.channel
        ));
    }
    let content = content(&desk.config, &target, trial_for.as_deref(), now)?;
    let stamp = now.timestamp_millis().to_string();
    let id = compose::message_id(
        MessageKind::Test,
        &[&stamp, &target.recipient.id, target.channel.as_str()],
    );
    let channels = Channels::open(&desk.config.channels).map_err(failed)?;
    let parcel = Parcel {
        id: &id,
        kind: MessageKind::Test,
        content: &content,
        files: &[],
        address: target.address.as_deref(),
        people: &desk.config.people,
        is_plain: false,
        before: &[],
        now,
    };
    let outcome = channels.send(&target.channel, &parcel).await;
    let mut out = io::stdout().lock();
    writeln!(out, "{} by {}: {outcome}", target.recipient.name, target.channel)?;
    if outcome.is_success() {
        Ok(())
    } else {
        Err(Failure::Told(1))
    }
}

/// What `channel:ID`, `person:ID` or a bare id or name means.
fn find(config: &Config, text: &str) -> Result<Target, Failure> {
    let people = &config.people;
    let channel = |id: &str| people.channels.get(&ChannelId::new(id)).map(|facts| facts.id.clone());
    let person = |id: &str| {
        let by_id = people.persons.get(&PersonId::new(id));
        by_id.or_else(|| people.persons.values().find(|person| person.name == id))
    };
    match text.split_once(':') {
        Some(("channel", id)) => match channel(id) {
            Some(channel) => to_channel(config, &channel),
            None => Err(unknown(
                "channel",
                id,
                &near(id, people.channels.keys().map(ChannelId::as_str)),
            )),
        },
        Some(("person", id)) => match person(id) {
            Some(person) => to_person(config, person),
            None => Err(unknown(
                "person",
                id,
                &near(id, people.persons.keys().map(PersonId::as_str)),
            )),
        },
        Some(_) | None => match (channel(text), person(text)) {
            (Some(_), Some(person)) => Err(hinted(
                &format!("`{text}` is a channel and a person"),
                &format!("write `channel:{text}` or `person:{}`", person.id),
            )),
            (Some(channel), None) => to_channel(config, &channel),
            (None, Some(person)) => to_person(config, person),
            (None, None) => {
                let channels = people.channels.keys().map(ChannelId::as_str);
                let all = channels.chain(people.persons.keys().map(PersonId::as_str));
                Err(unknown("channel or person", text, &near(text, all)))
            }
        },
    }
}

/// A post to the channel itself; mail goes to somebody.
fn to_channel(config: &Config, channel: &ChannelId) -> Result<Target, Failure> {
    let people = &config.people;
    if people.channels.get(channel).map(|facts| facts.kind) == Some(ChannelKind::Email) {
        let reached = people.persons.values().find(|person| person.channels.contains(channel));
        let example = reached.map_or("ID", |person| person.id.as_str());
        return Err(hinted(
            &format!("channel {channel} is a mail channel: a mail needs a person to go to"),
            &format!("`duban send-test person:{example}`"),
        ));
    }
    Ok(Target {
        recipient: Recipient {
            kind: RecipientKind::Channel,
            id: channel.to_string(),
            name: channel.to_string(),
            role: format!("channel:{channel}"),
        },
        channel: channel.clone(),
        locale: people.locale,
        address: None,
    })
}

/// The first channel of a person's list.
fn to_person(config: &Config, person: &Person) -> Result<Target, Failure> {
    let Some(channel) = person.channels.first() else {
        return Err(hinted(
            &format!("no channel reaches {} ({})", person.name, person.id),
            "give them an `email`, or `channels`",
        ));
    };
    let kind = config.people.channels.get(channel).map(|facts| facts.kind);
    Ok(Target {
        recipient: Recipient {
            kind: RecipientKind::Person,
            id: person.id.to_string(),
            name: person.name.clone(),
            role: format!("person:{}", person.id),
        },
        channel: channel.clone(),
        locale: person.locale,
        address: person.email.clone().filter(|_| kind == Some(ChannelKind::Email)),
    })
}

/// In a trial everything goes to one person.
fn on_trial(config: &Config, meant: &Target) -> Result<Target, Failure> {
    let trial = config.delivery.trial.as_ref();
    match trial.and_then(|id| config.people.persons.get(id)) {
        Some(person) => to_person(config, person),
        None => Ok(meant.clone()),
    }
}

fn content(config: &Config, target: &Target, trial_for: Option<&str>, now: DateTime<Utc>) -> Result<Content, Failure> {
    let renderer = Renderer::new(&config.templates).map_err(|faults| {
        let faults: Vec<String> = faults
            .iter()
            .map(|fault| format!("{}: {}", fault.file, fault.text))
            .collect();
        Failure::NotUnderstood(anyhow::anyhow!("a message template is broken: {}", faults.join("; ")))
    })?;
    let as_of = config.almanac.local(now).format(MINUTE).to_string();
    let words = renderer.test(target.channel.as_str(), target.locale, &as_of);
    Ok(Content {
        recipient: target.recipient.clone(),
        locale: target.locale,
        words: match trial_for {
            Some(meant) => Renderer::in_trial(words, meant, target.locale),
            None => words,
        },
        notices: Vec::new(),
        figures: None,
        thread: None,
        urgent: false,
        as_of: now,
        whole: None,
        attachments: Vec::new(),
        calendar: None,
        until: None,
    })
}
