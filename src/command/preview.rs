//! `duban preview`: what one channel would be sent for a task, byte for byte; nothing is stored or sent.

mod occasion;
mod step;

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::slice;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::channel::robot::VendorKind;
use crate::channel::{Room, Settings, Written};
use crate::clock::ManualClock;
use crate::command::Failure;
use crate::command::cli::Preview;
use crate::command::desk::{Desk, failed, hinted, note};
use crate::command::picture::{Picture, near, unknown};
use crate::config::Config;
use crate::daemon::timeline::local_time;
use crate::daemon::{Engine, Sketch};
use crate::domain::id::{ChannelId, PersonId};
use crate::domain::message::Message;
use crate::domain::notice::{Notice, RecipientKind};
use crate::domain::people::{ChannelFacts, ChannelKind, Person};
use crate::store::Store;

use self::occasion::{Occasion, Question, Standing};

pub(super) async fn preview(flag: Option<&Path>, args: &Preview) -> Result<(), Failure> {
    let desk = Desk::open_or_kept(flag).await?;
    let config = &desk.config;
    let now = desk.now(args.now.as_deref())?;
    let channel = known_channel(config, &args.channel)?;
    let to = args.to.as_deref().map(|who| known_person(config, who)).transpose()?;
    let store = desk.look_or_first_load(now).await?;
    let picture = Picture::of(&desk, store.as_ref(), now).await?;
    let task = picture.task(&args.task)?;
    let question = Question {
        config,
        task,
        told: picture.told_of(&args.task),
        channel: &channel.id,
        kind: channel.kind,
        level: args.level,
        to,
        now,
    };
    let occasion = question.answer()?;
    let store = match store {
        Some(store) => store,
        None => Store::memory(now).await.map_err(failed)?,
    };
    let clock = Arc::new(ManualClock::new(now));
    let engine = Engine::open(config.clone(), store, clock).await.map_err(failed)?;
    let sketches = engine.sketch(&occasion.notices, slice::from_ref(task), now);
    let written = written(&sketches)?;
    for fact in facts(config, &channel.id, &occasion, &sketches, now) {
        note(&fact);
    }
    print(&written)
}

fn known_channel<'a>(config: &'a Config, id: &ChannelId) -> Result<&'a ChannelFacts, Failure> {
    let channels = &config.people.channels;
    channels.get(id).ok_or_else(|| {
        let near = near(id.as_str(), channels.keys().map(ChannelId::as_str));
        if near.is_empty() {
            let all: Vec<&str> = channels.keys().map(ChannelId::as_str).collect();
            return hinted(
                &format!("no channel has the id `{id}`"),
                &format!("there is {}", all.join(", ")),
            );
        }
        unknown("channel", id.as_str(), &near)
    })
}

fn known_person<'a>(config: &'a Config, who: &str) -> Result<&'a Person, Failure> {
    let persons = &config.people.persons;
    let who = who.strip_prefix("person:").unwrap_or(who);
    let by_id = persons.get(&PersonId::new(who));
    let found = by_id.or_else(|| persons.values().find(|person| person.name == who));
    found.ok_or_else(|| unknown("person", who, &near(who, persons.keys().map(PersonId::as_str))))
}

/// The bytes of each part.
fn written(sketches: &[Sketch]) -> Result<Vec<&Written>, Failure> {
    let parts = sketches.iter().map(|sketch| match &sketch.written {
        Ok(written) => Ok(written),
        Err(outcome) => Err(Failure::Failed(anyhow::anyhow!("this cannot be written: {outcome}"))),
    });
    parts.collect()
}

/// One part to a line; a mail, and what is one part, exactly as it is.
fn print(parts: &[&Written]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    for (place, part) in parts.iter().enumerate() {
        if place > 0 {
            out.write_all(b"\n")?;
        }
        out.write_all(&part.bytes)?;
    }
    if out.is_terminal() {
        // The prompt that follows is on a line of its own.
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(())
}

/// What must be known beside the bytes.
fn facts(
    config: &Config,
    channel: &ChannelId,
    occasion: &Occasion,
    sketches: &[Sketch],
    now: DateTime<Utc>,
) -> Vec<String> {
    let mut facts = vec![why(config, channel, occasion, now)];
    let Some(message) = sketches.first().map(|sketch| &sketch.message) else {
        return facts;
    };
    if config.delivery.trial.is_some() {
        facts.push(format!(
            "a trial is on: what is for {channel} goes to {} by {}",
            message.content.recipient.name, message.channel
        ));
    }
    if let Some(fault) = &message.content.words.fallback {
        facts.push(format!(
            "a message template failed, the built-in text stands instead: {fault}"
        ));
    }
    let Some(settings) = config.channels.get(&message.channel) else {
        return facts;
    };
    facts.push(size(message, settings, sketches));
    if is_signed(settings) {
        facts.push("a signature and its time are added when it is sent".to_owned());
    }
    if settings.kind() == ChannelKind::Group {
        facts.extend(rung(config, settings, sketches));
    }
    facts
}

/// Which step it is of, and how it comes to be said.
fn why(config: &Config, channel: &ChannelId, occasion: &Occasion, now: DateTime<Utc>) -> String {
    let loudest = occasion.notices.iter().max_by_key(|notice| (notice.level, &notice.id));
    let Some(notice) = loudest else {
        return "nothing would be said".to_owned();
    };
    let local = |at| local_time(&config.almanac, at);
    let how = match occasion.standing {
        Standing::Now => format!("goes out now, at {}", local(now)),
        Standing::Later(at) => format!("goes out at {}; here it is as said at {}", local(at), local(now)),
        Standing::Elsewhere(at) => format!(
            "has its time at {}, and does not go to {} by itself; here it is as said at {}",
            local(at),
            whither(notice, channel),
            local(now)
        ),
        Standing::Past => format!("has its time behind it; here it is as said at {}", local(now)),
    };
    format!("task {}: {} ({}) {how}", notice.task, notice.step_name(), notice.reason)
}

fn whither(notice: &Notice, channel: &ChannelId) -> String {
    match notice.recipient.kind {
        RecipientKind::Channel => channel.to_string(),
        RecipientKind::Person => format!("{} by {channel}", notice.recipient.name),
    }
}

/// `group works (wecom): 1 part, 812 of 4096 bytes`.
fn size(message: &Message, settings: &Settings, sketches: &[Sketch]) -> String {
    let parts: Vec<&Written> = sketches
        .iter()
        .filter_map(|sketch| sketch.written.as_ref().ok())
        .collect();
    let rooms: Vec<Room> = parts.iter().filter_map(|part| part.room).collect();
    let bytes: Vec<String> = parts.iter().map(|part| part.bytes.len().to_string()).collect();
    let size = match rooms.first() {
        Some(room) => {
            let used: Vec<String> = rooms.iter().map(|room| room.used.to_string()).collect();
            format!("{} of {} {}", used.join(" + "), room.limit, room.unit)
        }
        None => format!("{} bytes", bytes.join(" + ")),
    };
    let recipient = &message.content.recipient;
    let to = format!("{} ({})", recipient.name, recipient.id);
    let channel = &message.channel;
    match (settings.kind(), parts.len()) {
        (ChannelKind::Email, _) => format!("mail channel {channel}: 1 mail to {to}, {size}"),
        (ChannelKind::Webhook, _) => format!("webhook {channel}: 1 post for {to}, {size}"),
        (ChannelKind::Group, 1) => format!("group {channel} ({}): 1 part, {size}", settings.vendor()),
        (ChannelKind::Group, count) => format!("group {channel} ({}): {count} parts, {size}", settings.vendor()),
    }
}

fn is_signed(settings: &Settings) -> bool {
    match settings {
        Settings::Email(_) => false,
        Settings::Webhook(settings) => !settings.secrets.is_empty(),
        Settings::Robot(settings) => settings.secret.is_some(),
    }
}

/// Who is rung in the group, and who is only named.
fn rung(config: &Config, settings: &Settings, sketches: &[Sketch]) -> Vec<String> {
    let mut ids: Vec<PersonId> = Vec::new();
    for sketch in sketches {
        let content = &sketch.message.content;
        let own = PersonId::new(content.recipient.id.as_str());
        let own = (content.recipient.kind == RecipientKind::Person).then_some(own);
        for id in own
            .into_iter()
            .chain(content.words.chat.mentions().into_iter().cloned())
        {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
    }
    let persons = ids.iter().filter_map(|id| config.people.persons.get(id));
    let (rung, named): (Vec<&Person>, Vec<&Person>) = persons.partition(|person| can_ring(settings, person));
    let list = |persons: &[&Person]| {
        let names: Vec<String> = persons
            .iter()
            .map(|person| format!("{} ({})", person.name, person.id))
            .collect();
        names.join(", ")
    };
    let mut facts = vec![if rung.is_empty() {
        "rings nobody".to_owned()
    } else {
        format!("rings {}", list(&rung))
    }];
    if !named.is_empty() {
        facts.push(format!(
            "names {} and cannot ring them by {}",
            list(&named),
            settings.vendor()
        ));
    }
    facts
}

/// Whether a post rings a person, by the handles that the configuration gives them.
fn can_ring(settings: &Settings, person: &Person) -> bool {
    let Settings::Robot(settings) = settings else {
        return false;
    };
    let vendor = settings.vendor;
    let has = |key: &str| person.handles.contains_key(key);
    // A push has no mentions; DingTalk knows a person by either.
    !matches!(vendor, VendorKind::Ntfy | VendorKind::Gotify)
        && (has(vendor.as_str()) || (vendor == VendorKind::Dingtalk && has("mobile")))
}
