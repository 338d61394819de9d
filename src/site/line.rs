//! How the daemon is, in one line: what `systemctl status` shows.

use crate::domain::message::MessageState;
use crate::domain::task::Phase;
use crate::store::{Alike, Figures};

use super::vitals::Vitals;

/// `29 open tasks, 3 messages waiting; degraded: …`
pub(super) fn line(vitals: &Vitals, figures: Option<&Figures>, census: &[Alike]) -> String {
    let Some(figures) = figures else {
        return ended("the store does not answer".to_owned(), vitals);
    };
    let open = census.iter().filter(|row| match row.standing {
        Phase::Open | Phase::Acknowledged | Phase::Submitted => true,
        Phase::Closed | Phase::Cancelled | Phase::Withdrawn => false,
    });
    let count = |wanted: MessageState| {
        let piles = figures.messages.iter().filter(|(_, state, _)| *state == wanted);
        piles.map(|(_, _, pile)| pile.count).sum::<u64>()
    };
    let mut line = several(open.map(|row| row.count).sum(), "open task");
    let waiting = count(MessageState::Waiting) + count(MessageState::Sending);
    line += &format!(", {} waiting", several(waiting, "message"));
    let undeliverable = count(MessageState::Undeliverable);
    if undeliverable > 0 {
        line += &format!(", {undeliverable} undeliverable");
    }
    for (channel, _) in &figures.stopped {
        line += &format!("; channel {channel} is stopped");
    }
    ended(line, vitals)
}

fn ended(mut line: String, vitals: &Vitals) -> String {
    for reason in vitals.unready() {
        line += "; ";
        line += &reason;
    }
    line
}

fn several(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;
    use crate::domain::id::ChannelId;
    use crate::site::vitals::tests::vitals;
    use crate::store::Pile;

    fn figures(waiting: u64, undeliverable: u64) -> Figures {
        let pile = |count| Pile { count, oldest: None };
        let mail = || ChannelId::new("mail");
        Figures {
            messages: vec![
                (mail(), MessageState::Waiting, pile(waiting)),
                (mail(), MessageState::Undeliverable, pile(undeliverable)),
            ],
            ..Figures::default()
        }
    }

    fn census() -> Vec<Alike> {
        let row = |standing, count| Alike {
            standing,
            due: None,
            count,
        };
        vec![row(Phase::Open, 20), row(Phase::Submitted, 9), row(Phase::Closed, 4)]
    }

    #[test]
    fn what_is_open_and_what_waits_stand_in_it() {
        assert_eq!(
            line(&vitals(Some(0)), Some(&figures(0, 0)), &census()),
            "29 open tasks, 0 messages waiting"
        );
        assert_eq!(
            line(&vitals(Some(0)), Some(&figures(1, 2)), &census()),
            "29 open tasks, 1 message waiting, 2 undeliverable"
        );
    }

    #[test]
    fn what_is_wrong_stands_at_its_end() {
        let degraded = Vitals {
            faults: 1,
            ..vitals(Some(0))
        };
        let stopped = Figures {
            stopped: vec![(ChannelId::new("mail"), DateTime::UNIX_EPOCH + TimeDelta::days(1))],
            ..figures(3, 0)
        };
        assert_eq!(
            line(&degraded, Some(&stopped), &census()),
            "29 open tasks, 3 messages waiting; channel mail is stopped; degraded: the files have a fault, and the last \
             good load is in force; `duban check` tells more"
        );
        assert_eq!(line(&vitals(Some(0)), None, &[]), "the store does not answer");
    }
}
