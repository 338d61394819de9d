//! `[web]`.

use super::{TASK, check, says, with};

fn listening(line: &str) -> Option<String> {
    let config = with(&format!("{TASK}\n{line}")).config();
    config.web.map(|web| web.listen.to_string())
}

#[test]
fn no_web_server_runs_where_web_does_not_stand() {
    assert_eq!(listening(""), None);
}

#[test]
fn it_listens_on_this_machine_alone_if_no_place_is_named() {
    assert_eq!(listening("web = {}").as_deref(), Some("127.0.0.1:8420"));
}

#[test]
fn a_place_is_an_address_of_either_family_or_localhost_with_a_port() {
    for (named, is) in [
        ("127.0.0.1:9", "127.0.0.1:9"),
        ("[::1]:8420", "[::1]:8420"),
        ("localhost:0", "127.0.0.1:0"),
    ] {
        assert_eq!(listening(&format!("web.listen = \"{named}\"")).as_deref(), Some(is));
    }
}

#[test]
fn a_place_that_is_none_is_refused() {
    for named in [
        "8420",
        "duban.example.org:80",
        "127.0.0.1",
        "127.0.0.1:70000",
        "",
        "::1:8420:",
    ] {
        says(
            &with(&format!("{TASK}\nweb.listen = \"{named}\"")),
            &format!("`{named}` is no address to listen on"),
        );
    }
    says(&with(&format!("{TASK}\nweb.listn = \"x\"")), "did you mean `listen`?");
    says(
        &with(&format!("{TASK}\nweb = 8420")),
        "`web` must be a table, not a number",
    );
}

#[test]
fn a_place_that_other_machines_reach_is_warned_of() {
    for named in ["0.0.0.0:8420", "[::]:8420", "192.0.2.1:8420"] {
        says(
            &with(&format!("{TASK}\nweb.listen = \"{named}\"")),
            "can be reached from other machines, and nobody has to log in",
        );
    }
    check(&with(&format!("{TASK}\nweb.listen = \"[::1]:8420\"")), &[]);
}

#[test]
fn a_base_url_is_that_of_a_web_site() {
    let config = with(&format!("{TASK}\nweb.base_url = \"https://example.org/duban/\"")).config();
    assert_eq!(
        config.web.and_then(|web| web.base_url).as_deref(),
        Some("https://example.org/duban")
    );
    for url in [
        "example.org",
        "ftp://example.org",
        "https://",
        "https://a:b@example.org",
        "https://example.org/?a",
    ] {
        says(
            &with(&format!("{TASK}\nweb.base_url = \"{url}\"")),
            "`base_url` is no address of a web site",
        );
    }
}
