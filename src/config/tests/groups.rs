//! The samples of the vendors' channels, and what the READMEs say of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::{BASE, Fixture, TASK};
use crate::channel::robot::VendorKind;
use crate::channel::{Budget, Settings};
use crate::config::{Config, Environment};

/// The office's own file, which includes a sample.
const INCLUDES: &str = "include = [\"channels/*.toml\"]";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sample(vendor: VendorKind) -> String {
    let path = root().join(format!("config/channels/{}.toml", vendor.as_str()));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The sample with everything that is commented out switched on.
fn in_full(vendor: VendorKind) -> String {
    let is_off =
        |line: &str| line.starts_with("[people.") || line.split_once(" = ").is_some_and(|(key, _)| is_key(key));
    let lines = sample(vendor);
    let lines = lines.lines().map(|line| {
        let bare = line.strip_prefix("# ").filter(|bare| is_off(bare));
        bare.unwrap_or(line)
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn is_key(text: &str) -> bool {
    let key = text.trim_end();
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// What the administrator would have put where the sample says: by the key that names it.
fn value(vendor: VendorKind, key: &str) -> &'static str {
    match (key, vendor) {
        ("secret", _) => "SEC0123456789abcdef",
        ("token", VendorKind::Telegram) => "123456:AAE_x-y",
        ("token", _) => "tk_0123456789",
        (_, VendorKind::Wecom) => "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k",
        (_, VendorKind::Dingtalk) => "https://oapi.dingtalk.com/robot/send?access_token=t",
        (_, VendorKind::Feishu) => "https://open.feishu.cn/open-apis/bot/v2/hook/t",
        (_, VendorKind::Slack) => "https://hooks.slack.com/services/T/B/x",
        (_, VendorKind::Teams) => "https://x.logic.azure.com:443/workflows/x?sig=y",
        (_, VendorKind::Discord) => "https://discord.com/api/webhooks/1/t",
        (_, VendorKind::Mattermost) => "https://chat.example.org/hooks/x",
        (_, _) => "https://chat.example.org/hooks/x/y",
    }
}

/// The secrets of a sample, each as the sample says it is kept: `(kind, name, value)`.
fn secrets(vendor: VendorKind, text: &str) -> Vec<(&str, &str, &'static str)> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let secret = |line: &'_ str| -> Option<(usize, usize)> {
        let start = line.find("{ ")?;
        Some((start + 2, line.find(" }")?))
    };
    lines
        .filter_map(|line| {
            let (start, end) = secret(line)?;
            let (kind, name) = line.get(start..end)?.split_once(" = ")?;
            let key = line.split_once(" = ")?.0.trim();
            Some((kind, name.trim_matches('"'), value(vendor, key)))
        })
        .collect()
}

fn loaded(vendor: VendorKind, text: &str) -> Config {
    let secrets = secrets(vendor, text);
    let main = format!("{INCLUDES}\n{TASK}\n{BASE}");
    let path = format!("channels/{}.toml", vendor.as_str());
    let beside: Vec<(String, &str)> = secrets
        .iter()
        .filter(|(kind, ..)| *kind != "env")
        .map(|(kind, name, value)| {
            let folder = if *kind == "file" { "channels" } else { "credentials" };
            (format!("{folder}/{name}"), *value)
        })
        .collect();
    let mut files = vec![("duban.toml", main.as_str()), (path.as_str(), text)];
    files.extend(beside.iter().map(|(name, value)| (name.as_str(), *value)));
    let mut fixture = Fixture::new(&files);
    let mut variables: BTreeMap<String, String> = secrets
        .iter()
        .filter(|(kind, ..)| *kind == "env")
        .map(|(_, name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let folder = fixture.path("credentials").display().to_string();
    variables.insert("CREDENTIALS_DIRECTORY".to_owned(), folder);
    fixture.env = Environment::new(variables);
    fixture.config()
}

/// Whether a person is called by a handle of their own there; at the others everybody who subscribed is told.
fn has_handles(vendor: VendorKind) -> bool {
    !matches!(vendor, VendorKind::Ntfy | VendorKind::Gotify)
}

#[test]
fn every_vendor_has_a_sample_and_every_sample_a_vendor() {
    let folder = root().join("config/channels");
    let mut there: Vec<String> = fs::read_dir(folder)
        .expect("the folder of samples")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    there.sort();
    let mut wanted = VendorKind::ALL
        .map(|vendor| format!("{}.toml", vendor.as_str()))
        .to_vec();
    wanted.sort();
    assert_eq!(there, wanted);
}

#[test]
fn every_sample_is_included_as_it_stands_without_a_warning() {
    for vendor in VendorKind::ALL {
        let config = loaded(vendor, &sample(vendor));
        let id = format!("{}-works", vendor.as_str());
        let Some(Settings::Robot(settings)) = config.channels.get(&id.as_str().into()) else {
            panic!("{id} is no robot");
        };
        assert_eq!((settings.vendor, &config.warnings), (vendor, &Vec::new()));
        assert_eq!(settings.lane.budgets, vendor.budgets(), "{id}");
    }
}

#[test]
fn what_a_sample_holds_commented_out_is_right_too() {
    for vendor in VendorKind::ALL {
        let config = loaded(vendor, &in_full(vendor));
        assert_eq!(config.warnings, [], "{}", vendor.as_str());
        let chen = &config.people.persons[&"chen".into()];
        let reached: Vec<String> = chen.channels.iter().map(ToString::to_string).collect();
        assert_eq!(reached, [format!("{}-works", vendor.as_str())]);
        assert_eq!(
            chen.handles.contains_key(vendor.as_str()),
            has_handles(vendor),
            "{}",
            vendor.as_str()
        );
    }
}

#[test]
fn no_address_that_is_a_secret_stands_in_a_sample() {
    for vendor in VendorKind::ALL {
        let text = sample(vendor);
        let is_open = |line: &&str| line.split_once('=').is_some_and(|(_, value)| value.starts_with(" \""));
        let open = text.lines().find(|line| line.starts_with("url") && is_open(line));
        // Where posts go by a token, the address is only that of the server.
        let is_by_token = matches!(vendor, VendorKind::Matrix | VendorKind::Gotify);
        assert_eq!(open.is_some(), is_by_token, "{}: {open:?}", vendor.as_str());
    }
}

/// A budget as the tables of the READMEs write it: `18/min`, `1/3 s`, `60/5 min`.
fn written(budget: &Budget) -> String {
    let seconds = budget.per.num_seconds();
    let (per, unit) = if seconds % 60 == 0 {
        (seconds / 60, "min")
    } else {
        (seconds, "s")
    };
    if per == 1 {
        format!("{}/{unit}", budget.count)
    } else {
        format!("{}/{per} {unit}", budget.count)
    }
}

#[test]
fn the_tables_of_the_readmes_tell_each_vendors_budget_and_handle() {
    for name in ["config/README.md", "config/README.zh-CN.md"] {
        let page = fs::read_to_string(root().join(name)).expect("a README");
        for vendor in VendorKind::ALL {
            let start = format!("| `{}` ", vendor.as_str());
            let row = page.lines().find(|line| line.starts_with(&start));
            let row = row.unwrap_or_else(|| panic!("{name} has no row for {}", vendor.as_str()));
            let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
            let budgets: Vec<String> = vendor.budgets().iter().map(written).collect();
            let budgets = if budgets.is_empty() {
                "—".to_owned()
            } else {
                budgets.join(", ")
            };
            assert!(cells.contains(&budgets.as_str()), "{name}: {budgets} is not in {row}");
            let handle = format!("`{}` ", vendor.as_str());
            let is_rung_by_it = cells.iter().skip(1).any(|cell| cell.starts_with(&handle));
            assert_eq!(is_rung_by_it, has_handles(vendor), "{name}: {row}");
        }
    }
}
