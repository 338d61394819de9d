//! Two channels that post with one robot, which is most often an address copied by mistake.

use std::collections::BTreeMap;

use crate::channel::{Settings, Target};
use crate::config::faults::{Faults, Place};
use crate::config::raw::Raw;
use crate::domain::id::ChannelId;

/// Says of each channel whose address is that of one before it, whose robot it is.
///
/// Where a chat, a room or a topic is named beside the address, the address is the same for good reason.
pub(super) fn warn(faults: &mut Faults, raw: &Raw, channels: &BTreeMap<ChannelId, Settings>) {
    let mut first: BTreeMap<(&str, &str), &ChannelId> = BTreeMap::new();
    for (id, settings) in channels {
        let (kind, target) = match settings {
            Settings::Webhook(settings) => ("webhook", &settings.target),
            Settings::Robot(settings) if settings.token.is_none() && settings.vendor.default_url().is_none() => {
                (settings.vendor.as_str(), &settings.target)
            }
            Settings::Robot(_) | Settings::Email(_) => continue,
        };
        let Target::Url(address) = target else {
            continue;
        };
        let Some(other) = first.get(&(kind, address.reveal())) else {
            first.insert((kind, address.reveal()), id);
            continue;
        };
        let entry = raw.channels.get(id.as_str());
        let place = entry.map_or(Place::NOWHERE, |entry| entry.place);
        let text = format!(
            "channels `{other}` and `{id}` post with the same robot: they share its budget; is one of them a copy by \
             mistake?"
        );
        faults.warning(place, text);
    }
}
