//! Duban (督办, "supervise until done"): a deadline reminder and escalation daemon. This page is the map.
//!
//! # In one sentence
//!
//! A pure planner decides who must be told what and when; a durable store remembers what was decided and what happened;
//! small loops carry messages out. Everything that leaves the house leaves by one door, the outbox, and everything that
//! happens is written in one book, the journal.
//!
//! # The way of a notice
//!
//! 1. [`config::load`] reads `duban.toml` and the ledger and proves them: one [`config::Config`], or all
//!    [`config::Problems`] at once.
//! 2. [`daemon::sync()`] hands the proven rows to [`rules::intake::intake`], which compares them with the rows as last
//!    loaded; only changed cells act, as journal entries. Each task is stored with the instant at which it next matters.
//! 3. At that instant the plan loop claims the task, asks [`rules::planner::plan`], and in one transaction
//!    ([`store::Store::plan_due`]) keeps the [`domain::notice::Notice`]s, what counts as told, and the next instant.
//! 4. The compose loop folds all notices for one recipient on one channel into one message ([`rules::compose::digest`],
//!    [`render::Renderer`]) and queues it ([`store::Store::queue`]).
//! 5. The deliver loop claims the message ([`store::Store::claim`]), judges at the door whether it still holds
//!    ([`rules::planner::still_true`]), hands it to [`channel::Channels::send`], and records the
//!    [`domain::outcome::Outcome`] ([`store::Store::settle`]): delivered, to be tried again ([`rules::retry::verdict`]),
//!    or undeliverable, and then it goes up ([`rules::roles::above`]).
//!
//! For a messaging group step 4 makes one [`domain::chat::Chat`] of what everybody is told there, and
//! [`channel::Channels::divide`] makes posts of it that its vendor takes; [`channel::robot`] holds what all vendors share, and
//! a file beside it (`channel/wecom.rs`, `channel/dingtalk.rs` …) what each of them wants, says and means.
//!
//! A review comes from a row of its own in the store: [`rules::cron`] says when, [`rules::summary`] says what. An act typed
//! as `duban task …` is a journal entry ([`store::Store::act`]) that wakes its task. `plan`, `why` and [`simulate`] call the
//! same planner as the daemon, so that a forecast cannot disagree with what happens.
//!
//! # Words
//!
//! | here | in messages | meaning |
//! | --- | --- | --- |
//! | ledger | 台账 | all tasks, as loaded |
//! | [task](domain::task::Task) | 任务 | one promise with a deadline |
//! | area | 方面 | the part of the ledger that a task belongs to |
//! | lead | 牵头领导 | the leader answerable for a task |
//! | [unit](domain::people::Unit) | 责任单位 | the organisation that must do it; has a head (负责人) and contacts (联系人) |
//! | supervisor | 督导组 | who watches that unit's tasks |
//! | office | 督办办公室 | who runs the ledger, and Duban |
//! | [ladder](domain::ladder::Ladder) | 督办阶梯 | ordered steps: when, how loud, to whom |
//! | [step](domain::ladder::Step) | 阶次 | one rung: an anchor, an offset, a level, recipients |
//! | [level](domain::ladder::Level) | 级别 | remind 提醒 < warn 预警 < due 到期 < overdue 催办 < escalate 督办 < summon 约谈 |
//! | [notice](domain::notice::Notice) | 通知事项 | one fact for one recipient: this task, this step, now |
//! | [message](domain::message::Message) | 消息 | what one recipient gets through one channel at one time: one or more notices |
//! | delivery | 投递 | an attempt to hand a message to a channel, and its answer |
//! | [channel](channel::Channels) | 渠道 | email, a webhook, or a group |
//! | group | 工作群 | a chat of many people at one vendor; its robot (群机器人) posts there |
//! | [vendor](channel::robot::VendorKind) | 平台 | whose chat it is: WeCom, DingTalk, Slack … |
//! | handle | 账号 | what a vendor calls a person, so that a post rings them |
//! | [post](domain::chat::Chat) | 群消息 | what a group sees at once; a long message is several, numbered |
//! | [budget](channel::Budget) | 频率 | how many messages may leave by a channel in how much time |
//! | [review](domain::review::Review) | 调度 | a scheduled summary |
//! | [score](rules::score) | 考核 | how a unit or a leader kept their dates in a period, in points of a hundred |
//! | [circular](rules::circular) | 通报 | the public report: what was asked, what was done, what remains |
//! | [light](domain::task::Light) | 灯 | green on track, yellow near, red late, blue under review, grey closed |
//! | look-back | 回头看 | a check after closing |
//! | [self-audit](rules::audit) | 自查 | a daily recount of what should have been sent against what was |
//!
//! # What always holds
//!
//! - **Nothing early, nothing lost, nothing twice under two names.** A notice's id is computed from its meaning, a message's
//!   from its notices; a repeat carries the id of its first sending. Delivery is at least once.
//! - **Intent, act, result.** A message is stored before it is sent; one found half-sent after a crash counts as
//!   [unknown](domain::outcome::Outcome::Unknown) and goes out again, byte for byte.
//! - **The journal and the tasks agree.** A task's state is its entries folded ([`rules::progress::fold`]) and changes in the
//!   transaction of the entry; [`store::Store::verify`] proves that, and the chain of hashes.
//! - **What was told is kept by role, not by person**: someone back from leave hears what comes next, not what was.
//! - **Broken files silence nobody.** Nothing is stored from a configuration with errors; the last good load stays in force.
//! - **Time comes in.** Only [`clock`] reads it; only [`rules::calendar`] turns a civil date into an instant.
//! - **Secrets do not print** ([`secret::Secret`]), and a log line holds no address, body or URL.
//!
//! # Modules, in reading order
//!
//! | | |
//! | --- | --- |
//! | [`domain`] | the words, as plain data |
//! | [`clock`], [`secret`], [`telemetry`] | the only reader of time; what never prints itself; logs |
//! | [`rules`] | what follows: pure functions, without IO, clock or failure |
//! | [`store`] | what is remembered; the only one that knows the database |
//! | [`render`] | words for people, in Chinese and English |
//! | [`channel`] | mail, webhooks and twelve vendors' groups: message in, outcome out |
//! | [`files`] | tables and calendars, as cells with their place; documents for word processors |
//! | [`site`] | what those see who watch: health, readiness, metrics; the only one that speaks HTTP as a server |
//! | [`config`] | from files to what is proven, or all problems |
//! | [`daemon`] | start, loops, stop |
//! | [`simulate`] | the same daemon on a clock of its own |
//! | [`command`] | what people type |
//!
//! Imports point one way, and `tests/tidy.rs` holds the table: `domain`, `clock`, `secret` and `telemetry` are open to all;
//! `rules` sees only `domain`; `store`, `render`, `channel` and `files` see those and `rules`, never each other; `site`
//! sees `store` and `render`, and nothing of the daemon.

pub mod domain;

pub mod clock;
pub mod secret;
pub mod telemetry;

pub mod rules;

pub mod channel;
pub mod files;
pub mod render;
pub mod store;

pub mod site;

pub mod config;

pub mod daemon;
pub mod simulate;

pub mod command;
