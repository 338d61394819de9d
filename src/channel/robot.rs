//! Group robots: one post to one group, in the dialect of its vendor, and what the vendor's answer means.
//!
//! What all vendors share is here: dividing a message, writing it, sending it, reading the answer. What each of them wants
//! and says stands in a file of its own beside this one, as a `Vendor`.

mod address;
mod divide;
mod letters;
mod page;
mod said;
mod signature;

use std::fmt;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::domain::chat::{Chat, Line, Span};
use crate::domain::id::{ChannelId, MessageId, PersonId};
use crate::domain::notice::RecipientKind;
use crate::domain::outcome::Outcome;
use crate::domain::people::People;
use crate::secret::Secret;

use super::folder::{self, Folder};
use super::http::{Answer, Answered, Call, Client, Url};
use super::target::Target;
use super::{
    Budget, ChannelError, Lane, Parcel, Room, Written, dingtalk, discord, feishu, gotify, matrix, mattermost, ntfy,
    rocketchat,
};
use super::{slack, teams, telegram, wecom, words};

pub(super) use address::is_retired_connector;
pub(super) use letters::{behind_backslash, between, disarmed, full_width, without_shortcodes};
pub(super) use page::{Dialect, Unstyled, lookalikes, page, paragraphs, under_title, unlinked};
pub(super) use said::Said;
pub(super) use signature::hmac_sha256;

/// Whose robot it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VendorKind {
    /// 企业微信 message push (群机器人).
    Wecom,
    /// 钉钉 custom robot.
    Dingtalk,
    /// 飞书 and Lark custom bot.
    Feishu,
    /// Slack incoming webhook.
    Slack,
    /// Microsoft Teams Workflows webhook.
    Teams,
    /// Discord webhook.
    Discord,
    /// Telegram bot.
    Telegram,
    /// Mattermost incoming webhook.
    Mattermost,
    /// Rocket.Chat incoming webhook.
    Rocketchat,
    /// Matrix client-server API.
    Matrix,
    /// ntfy topic.
    Ntfy,
    /// Gotify application.
    Gotify,
}

impl VendorKind {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Wecom,
        Self::Dingtalk,
        Self::Feishu,
        Self::Slack,
        Self::Teams,
        Self::Discord,
        Self::Telegram,
        Self::Mattermost,
        Self::Rocketchat,
        Self::Matrix,
        Self::Ntfy,
        Self::Gotify,
    ];

    /// The `type` of the channel; also the key of a person's handle.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wecom => "wecom",
            Self::Dingtalk => "dingtalk",
            Self::Feishu => "feishu",
            Self::Slack => "slack",
            Self::Teams => "teams",
            Self::Discord => "discord",
            Self::Telegram => "telegram",
            Self::Mattermost => "mattermost",
            Self::Rocketchat => "rocketchat",
            Self::Matrix => "matrix",
            Self::Ntfy => "ntfy",
            Self::Gotify => "gotify",
        }
    }

    /// How fast its robots may post where the configuration does not say: within what the vendor allows.
    #[must_use]
    pub fn budgets(self) -> Vec<Budget> {
        let budgets: &[(u32, i64)] = match self {
            Self::Wecom | Self::Dingtalk => &[(18, 60), (1, 3)],
            Self::Feishu => &[(90, 60), (4, 1)],
            Self::Slack => &[(1, 1)],
            Self::Teams => &[(60, 60)],
            Self::Discord => &[(28, 60), (4, 2)],
            Self::Telegram => &[(18, 60), (1, 1)],
            Self::Mattermost => &[(10, 1)],
            Self::Rocketchat => &[(10, 60)],
            Self::Matrix => &[(10, 1)],
            Self::Ntfy => &[(60, 300), (5, 10)],
            Self::Gotify => &[],
        };
        budgets
            .iter()
            .map(|(count, per)| Budget::per_seconds(*count, *per))
            .collect()
    }

    /// Whether a repeat under the same id is known as one.
    #[must_use]
    pub fn is_idempotent(self) -> bool {
        matches!(self, Self::Dingtalk | Self::Matrix)
    }

    /// The address where the configuration names none, because all have the same.
    #[must_use]
    pub fn default_url(self) -> Option<&'static str> {
        match self {
            Self::Telegram => Some("https://api.telegram.org"),
            Self::Ntfy => Some("https://ntfy.sh"),
            Self::Wecom
            | Self::Dingtalk
            | Self::Feishu
            | Self::Slack
            | Self::Teams
            | Self::Discord
            | Self::Mattermost
            | Self::Rocketchat
            | Self::Matrix
            | Self::Gotify => None,
        }
    }
}

/// How a robot is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whose it is.
    pub vendor: VendorKind,
    /// Where the posts go: the webhook's URL, or the server's address where there is a token.
    pub target: Target,
    /// Of the bot, user, topic or application.
    pub token: Option<Secret>,
    /// With which posts are signed.
    pub secret: Option<Secret>,
    /// A word that every post must hold.
    pub keyword: Option<String>,
    /// Telegram: the chat.
    pub chat_id: Option<String>,
    /// Matrix: the room.
    pub room: Option<String>,
    /// ntfy: the topic. Telegram: the topic within the chat.
    pub topic: Option<String>,
    /// Budget, concurrency, timeout, retry, members.
    pub lane: Lane,
}

impl Settings {
    pub(super) fn endpoint(&self) -> String {
        let place = [&self.chat_id, &self.room, &self.topic];
        let place: Vec<&str> = place.into_iter().flatten().map(String::as_str).collect();
        self.target
            .endpoint(self.vendor.as_str(), &format!("{}\n{}", self.token(), place.join("\n")))
    }

    /// What the vendor counts and blocks together, wherever it ends: to be compared, never shown.
    pub(super) fn account(&self) -> String {
        self.target.endpoint(self.vendor.as_str(), self.token())
    }

    fn token(&self) -> &str {
        self.token.as_ref().map_or("", Secret::reveal)
    }
}

/// In which form a post is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// In the vendor's dialect.
    Rich,
    /// As plain text, after the rich form was refused.
    Plain,
}

/// What a post says.
#[derive(Clone, Copy)]
pub(super) struct Post<'a> {
    pub(super) id: &'a MessageId,
    pub(super) chat: &'a Chat,
    pub(super) form: Form,
    /// Whether it is overdue or louder.
    pub(super) is_urgent: bool,
    people: &'a People,
    vendor: VendorKind,
}

impl<'a> Post<'a> {
    /// What a person is called at this vendor, where the configuration says.
    pub(super) fn handle(&self, person: &PersonId) -> Option<&'a str> {
        self.handle_of(person, self.vendor.as_str())
    }

    /// A handle by its key: `mobile`.
    pub(super) fn handle_of(&self, person: &PersonId, key: &str) -> Option<&'a str> {
        let person = self.people.persons.get(person)?;
        person.handles.get(key).map(String::as_str)
    }
}

/// A field more in a body; nothing where that is no object.
pub(super) fn put(body: &mut Value, key: &str, value: Value) {
    if let Some(fields) = body.as_object_mut() {
        fields.insert(key.to_owned(), value);
    }
}

/// One vendor's way: what it wants, and what it means by its answers.
pub(super) trait Vendor: Send + Sync {
    /// The body of a post, as it is before it is signed: it depends on the message alone, not on the attempt.
    fn body(&self, post: &Post<'_>) -> Value;

    /// How much of each of the vendor's limits a body takes, as the vendor counts; empty: it has none.
    fn rooms(&self, body: &Value) -> Vec<Room>;

    /// Whether a body is within all of the vendor's limits.
    fn fits(&self, body: &Value) -> bool {
        self.rooms(body).into_iter().all(Room::is_enough)
    }

    /// The request of one attempt, signed for `now`.
    fn call(&self, url: &Url, body: &Value, id: &MessageId, now: DateTime<Utc>) -> Call;

    /// What an answer means; redirects, and what never was an answer, are judged before.
    fn outcome(&self, said: &Said<'_>) -> Outcome;

    /// Why an address is not even called, where the vendor has given it up.
    fn refuses(&self, _url: &Url) -> Option<&'static str> {
        None
    }

    /// What can be tried without anybody seeing a post.
    fn probe(&self, url: &Url, now: DateTime<Utc>) -> Probe;

    /// Takes something from an answer that makes another try at once worth while. Says whether there was such a thing.
    fn learn(&self, _answer: &Answer) -> bool {
        false
    }
}

/// A question that shows whether a channel would take a post.
pub(super) struct Probe {
    /// The request.
    pub(super) call: Call,
    /// What its answer means.
    pub(super) judge: fn(&Said<'_>) -> Outcome,
    /// What it does not show: a sentence.
    pub(super) untried: &'static str,
}

/// What was tried of a channel without sending anything, and what was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// How it went: delivered means that the other side is there and knows us.
    pub outcome: Outcome,
    /// What could not be tried so: a sentence; empty: nothing.
    pub untried: String,
}

impl Checked {
    /// Everything was tried that there is.
    pub(super) fn of(outcome: Outcome) -> Self {
        Self {
            outcome,
            untried: String::new(),
        }
    }
}

/// An open robot.
pub(super) struct Robot {
    kind: VendorKind,
    vendor: Box<dyn Vendor>,
    target: Open,
    keyword: Option<String>,
    hidden: Vec<String>,
}

enum Open {
    Url(Box<Client>),
    Folder(Folder),
}

impl Robot {
    pub(super) fn open(id: &ChannelId, settings: &Settings) -> Result<Self, ChannelError> {
        let target = match &settings.target {
            Target::Url(url) => Open::Url(Box::new(Client::new(id, url, settings.lane.timeout)?)),
            Target::Folder(folder) => Open::Folder(Folder::durable(folder)),
            Target::Scratch(folder) => Open::Folder(Folder::scratch(folder)),
        };
        let secrets = [&settings.token, &settings.secret];
        let mut hidden: Vec<String> = secrets
            .into_iter()
            .flatten()
            .map(|secret| secret.reveal().to_owned())
            .collect();
        if settings.vendor == VendorKind::Ntfy {
            // Whoever knows a topic's name reads and writes it.
            hidden.extend(settings.topic.clone());
        }
        if let Open::Url(client) = &target {
            hidden.extend(client.hidden().into_iter().map(str::to_owned));
        }
        Ok(Self {
            kind: settings.vendor,
            vendor: vendor(settings),
            target,
            keyword: settings.keyword.clone(),
            hidden,
        })
    }

    /// Tries once to post, and always ends.
    pub(super) async fn send(&self, parcel: &Parcel<'_>) -> Outcome {
        let body = self.body(parcel);
        match &self.target {
            Open::Folder(dir) => {
                let stamp = folder::stamp(parcel.content.as_of);
                let name = format!("{stamp}-{}.json", folder::safe(parcel.id.as_str()));
                dir.write(name, body.to_string().into_bytes()).await
            }
            Open::Url(client) => {
                if let Some(why) = self.vendor.refuses(client.url()) {
                    return Outcome::PermanentEndpoint(why.to_owned());
                }
                let mut answered = self.post(client, &body, parcel).await;
                if let Answered::Status(answer) = &answered
                    && self.vendor.learn(answer)
                {
                    answered = self.post(client, &body, parcel).await;
                }
                self.judge(&answered, parcel.now, parcel.before, |said| self.vendor.outcome(said))
            }
        }
    }

    /// The body of a post, byte for byte but for what an attempt adds to it (a signature and its time).
    pub(super) fn body(&self, parcel: &Parcel<'_>) -> Value {
        let form = form_of(parcel);
        let chat = divide::fitted(&self.addressed(&chat_of(parcel), parcel), &|chat| {
            self.vendor.fits(&self.write(chat, form, parcel))
        });
        self.write(&chat, form, parcel)
    }

    /// The body with its size, as [`Robot::send`] posts it.
    pub(super) fn written(&self, parcel: &Parcel<'_>) -> Written {
        let body = self.body(parcel);
        Written {
            room: Room::tightest(self.vendor.rooms(&body)),
            bytes: body.to_string().into_bytes(),
        }
    }

    /// The parts into which a message is divided so that each is one post in the form in which it goes; `free` is how many
    /// posts the budget allows now, none where that is not to matter.
    pub(super) fn divide(&self, parcel: &Parcel<'_>, free: Option<u32>) -> Vec<Chat> {
        let form = form_of(parcel);
        let fits = |chat: &Chat| {
            let chat = self.addressed(chat, parcel);
            self.vendor.fits(&self.write(&chat, form, parcel))
        };
        divide::divide(&chat_of(parcel), free, &fits)
    }

    /// Asks what can be asked without anybody seeing a post.
    pub(super) async fn check(&self, now: DateTime<Utc>) -> Checked {
        match &self.target {
            Open::Folder(dir) => Checked::of(dir.check().await),
            Open::Url(client) => {
                if let Some(why) = self.vendor.refuses(client.url()) {
                    return Checked {
                        outcome: Outcome::PermanentEndpoint(why.to_owned()),
                        untried: String::new(),
                    };
                }
                let probe = self.vendor.probe(client.url(), now);
                let answered = client.call(probe.call).await;
                Checked {
                    outcome: self.judge(&answered, now, &[], probe.judge),
                    untried: probe.untried.to_owned(),
                }
            }
        }
    }

    async fn post(&self, client: &Client, body: &Value, parcel: &Parcel<'_>) -> Answered {
        let call = self.vendor.call(client.url(), body, parcel.id, parcel.now);
        client.call(call).await
    }

    fn write(&self, chat: &Chat, form: Form, parcel: &Parcel<'_>) -> Value {
        self.vendor.body(&Post {
            id: parcel.id,
            chat,
            form,
            is_urgent: parcel.content.urgent,
            people: parcel.people,
            vendor: self.kind,
        })
    }

    /// With the person on it whom it is for where it is for one, and the robot's keyword where it would not stand there
    /// anyway.
    fn addressed(&self, chat: &Chat, parcel: &Parcel<'_>) -> Chat {
        let mut chat = chat.clone();
        let recipient = &parcel.content.recipient;
        if recipient.kind == RecipientKind::Person {
            let person = PersonId::new(recipient.id.as_str());
            chat.intro
                .insert(0, Line(vec![Span::Mention(person, recipient.name.clone())]));
        }
        if let Some(keyword) = &self.keyword
            && !(chat.title.contains(keyword.as_str()) && keyword.chars().all(char::is_alphanumeric))
        {
            chat.outro.push(Line(vec![Span::Verbatim(keyword.clone())]));
        }
        chat
    }

    fn judge(
        &self,
        answered: &Answered,
        now: DateTime<Utc>,
        before: &[String],
        judge: impl Fn(&Said<'_>) -> Outcome,
    ) -> Outcome {
        let hidden: Vec<&str> = self.hidden.iter().map(String::as_str).collect();
        match answered {
            Answered::Status(answer) if (300..400).contains(&answer.status) => {
                Outcome::PermanentEndpoint(format!("{} redirects are not followed", answer.status))
            }
            Answered::Status(answer) => judge(&Said::new(answer, now, before, &hidden)),
            Answered::NotReached(why) => Outcome::Unreachable(why.clone()),
            Answered::Certificate(why) => {
                Outcome::PermanentEndpoint(words::clean(&format!("certificate refused: {why}"), &hidden))
            }
            Answered::Unusable(why) => Outcome::PermanentEndpoint((*why).to_owned()),
            Answered::NoAnswer(why) => Outcome::Unknown((*why).to_owned()),
        }
    }
}

fn form_of(parcel: &Parcel<'_>) -> Form {
    if parcel.is_plain { Form::Plain } else { Form::Rich }
}

/// What a message says in a chat; made of its text where it was stored before there was such a form.
fn chat_of(parcel: &Parcel<'_>) -> Chat {
    let words = &parcel.content.words;
    if words.chat.title.is_empty() {
        Chat::of_text(&words.subject, &words.text)
    } else {
        words.chat.clone()
    }
}

fn vendor(settings: &Settings) -> Box<dyn Vendor> {
    match settings.vendor {
        VendorKind::Wecom => Box::new(wecom::Wecom),
        VendorKind::Dingtalk => Box::new(dingtalk::Dingtalk::new(settings)),
        VendorKind::Feishu => Box::new(feishu::Feishu::new(settings)),
        VendorKind::Slack => Box::new(slack::Slack),
        VendorKind::Teams => Box::new(teams::Teams),
        VendorKind::Discord => Box::new(discord::Discord),
        VendorKind::Telegram => Box::new(telegram::Telegram::new(settings)),
        VendorKind::Mattermost => Box::new(mattermost::Mattermost),
        VendorKind::Rocketchat => Box::new(rocketchat::Rocketchat),
        VendorKind::Matrix => Box::new(matrix::Matrix::new(settings)),
        VendorKind::Ntfy => Box::new(ntfy::Ntfy::new(settings)),
        VendorKind::Gotify => Box::new(gotify::Gotify::new(settings)),
    }
}

impl fmt::Debug for Robot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Robot")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(super) mod tests;
