//! What stands in a ledger comes out in every vendor's chat as it reads there: no markup, no link, nobody rung, nothing lost.

use std::sync::Arc;

use duban::domain::message::{MessageKind, MessageState};

use crate::vendors::dingtalk::DingTalk;
use crate::vendors::discord::Discord;
use crate::vendors::feishu::Feishu;
use crate::vendors::gotify::Gotify;
use crate::vendors::matrix::Matrix;
use crate::vendors::mattermost::Mattermost;
use crate::vendors::ntfy::Ntfy;
use crate::vendors::rocketchat::RocketChat;
use crate::vendors::slack::Slack;
use crate::vendors::teams::Teams;
use crate::vendors::telegram::Telegram;
use crate::vendors::wecom::WeCom;
use crate::vendors::{Post, Vendor, VendorServer};
use crate::world::{HEADER, TOWN, World};

/// What somebody may paste into a cell.
const NASTY: [&str; 24] = [
    "<font color=\"warning\">红字</font>",
    "@all @everyone @channel @here",
    "<@all> <@ann> <@U012AB3CD>",
    "<!channel> <!here|x> <!everyone>",
    "[点这里](http://evil.example/a)",
    "x](http://evil.example/b) y",
    "<http://evil.example/c|点>",
    "*粗* _斜_ ~删~ `码` |表| **重**",
    "_ * ~ | ` 单个",
    "<at id=all></at> <at user_id=\"all\">全</at>",
    "<a href=\"tg://user?id=1\">甲</a> <b>乙</b>",
    "<https://evil.example/d>",
    "&lt;b&gt; &amp; &#64;all &nbsp; A&B",
    "# 标题 ## 二级",
    "> 引用",
    "- 列表 1. 编号",
    "1. 编号",
    "[紧急]: http://evil.example/e",
    "\\*甲\\* \\@all \\[乙\\]",
    "👨‍👩‍👧🇨🇳 提醒🔔",
    "右到左 \u{202E}abc\u{202C} \u{200F}",
    ":fire: :)",
    "||剧透|| ```代码``` ~~~",
    "![图](http://evil.example/f.png)",
];

/// A world with one group and all of that in its ledger.
async fn posts<V: Vendor>(vendor: V, target: &str, kind: &str, more: &str, handle: &str) -> Vec<Post> {
    let mut rows = "id,title,unit,lead,opened,due,progress\n".to_owned();
    assert!(HEADER.starts_with("id,title,unit,lead,opened,due"));
    for (n, text) in NASTY.iter().enumerate() {
        let cell = text.replace('"', "\"\"");
        rows.push_str(&format!("{n},\"{cell}\",works,cat,2026-01-01,2026-03-10,\"{cell}\"\n"));
    }
    rows.push_str(&format!(
        "99,{},works,cat,2026-01-01,2026-03-10,{}\n",
        "提".repeat(3000),
        "进".repeat(3000)
    ));
    let mut world = World::new("", &rows);
    let server = VendorServer::start(vendor, Arc::new(world.clock.clone())).await;
    let channel = format!(
        "[channels.group]\ntype = \"{kind}\"\nurl = \"{}\"\n{more}\n",
        server.url(target)
    );
    let config = TOWN
        .replace("[people.office]", &format!("{channel}\n[people.office]"))
        .replace("name = \"Ann\"", &format!("name = \"Ann\"\n{kind} = \"{handle}\""))
        .replace(
            "name = \"Ben\"",
            "name = \"Ben @all <@ben> [x](http://evil.example/g)\"",
        )
        .replace("[units.works]", "[units.works]\ngroup = \"group\"")
        .replace("to = [\"owner\"] }", "to = [\"group\"] }");
    world.write("duban.toml", config);
    world.start("2026-03-10T09:00:00+08:00").await;
    world.run_until("2026-03-10T09:20:00+08:00").await;
    let waiting = world.messages(MessageKind::Notice, MessageState::Waiting).await;
    assert!(
        waiting.is_empty(),
        "{:?}",
        waiting.first().map(|message| &message.last_outcome)
    );
    for message in world.messages(MessageKind::Notice, MessageState::Delivered).await {
        assert!(!message.plain, "its rich form was refused: {:?}", message.last_outcome);
    }
    server.posts()
}

/// Letters and digits alone, full-width ones as half-width ones.
fn letters(text: &str) -> String {
    let half = |c: char| match u32::from(c) {
        wide @ 0xFF01..=0xFF5E => char::from_u32(wide - 0xFEE0).unwrap(),
        _ => c,
    };
    text.chars().map(half).filter(|c| c.is_alphanumeric()).collect()
}

fn prove(posts: &[Post], handle: &str) {
    prove_text(posts, handle);
    assert!(
        posts.iter().any(|post| post.rings.iter().any(|rung| rung == handle)),
        "nobody was rung"
    );
}

fn prove_text(posts: &[Post], handle: &str) {
    assert!(!posts.is_empty(), "nothing was posted");
    let all: String = posts.iter().map(|post| post.text.as_str()).collect();
    let seen = letters(&all);
    for text in NASTY {
        assert!(seen.contains(&letters(text)), "{text} is not to be read in\n{all}");
    }
    for post in posts {
        assert!(
            post.rings.iter().all(|rung| rung == handle),
            "{:?} by\n{}",
            post.rings,
            post.text
        );
        for link in &post.links {
            let is_seen = letters(&post.text).contains(&letters(link));
            assert!(
                is_seen && !post.text.contains("点这里 "),
                "{link} hides in\n{}",
                post.text
            );
        }
    }
    assert!(
        all.contains("提提…"),
        "what is too long is cut between characters\n{all}"
    );
}

#[tokio::test]
async fn wecom_shows_it_as_it_reads() {
    let vendor = WeCom::new("k3y");
    let target = vendor.target();
    prove(&posts(vendor, &target, "wecom", "", "ann").await, "ann");
}

#[tokio::test]
async fn dingtalk_shows_it_as_it_reads() {
    let vendor = DingTalk::new("t0ken").with_secret("SECabc").with_keyword("督办A1");
    let target = vendor.target();
    let more = "secret = \"SECabc\"\nkeyword = \"督办A1\"";
    prove(&posts(vendor, &target, "dingtalk", more, "user001").await, "user001");
}

#[tokio::test]
async fn feishu_shows_it_as_it_reads() {
    let vendor = Feishu::new("t0ken").with_secret("demo").with_keyword("督办A1");
    let target = vendor.target();
    let more = "secret = \"demo\"\nkeyword = \"督办A1\"";
    prove(&posts(vendor, &target, "feishu", more, "ou_ann").await, "ou_ann");
}

#[tokio::test]
async fn slack_shows_it_as_it_reads() {
    let vendor = Slack::new("T012", "B345", "xyz");
    let target = vendor.target();
    prove(&posts(vendor, &target, "slack", "", "U0ANN").await, "U0ANN");
}

#[tokio::test]
async fn teams_shows_it_as_it_reads() {
    let vendor = Teams::new("s1g");
    let target = vendor.target();
    prove(
        &posts(vendor, &target, "teams", "", "ann@contoso.example").await,
        "ann@contoso.example",
    );
}

#[tokio::test]
async fn matrix_shows_it_as_it_reads() {
    let vendor = Matrix::new("syt_token", "@bot:chat.test", "!room:chat.test");
    let more = "token = \"syt_token\"\nroom = \"!room:chat.test\"";
    prove(
        &posts(vendor, "", "matrix", more, "@ann:chat.test").await,
        "@ann:chat.test",
    );
}

#[tokio::test]
async fn ntfy_shows_it_as_it_reads() {
    let vendor = Ntfy::new().with_token("tk_secret");
    let more = "token = \"tk_secret\"\ntopic = \"works\"";
    prove_text(&posts(vendor, "", "ntfy", more, "ann").await, "nobody");
}

#[tokio::test]
async fn gotify_shows_it_as_it_reads() {
    let vendor = Gotify::new("Atoken");
    prove_text(
        &posts(vendor, "", "gotify", "token = \"Atoken\"", "ann").await,
        "nobody",
    );
}

#[tokio::test]
async fn discord_shows_it_as_it_reads() {
    let vendor = Discord::new("123", "t0ken");
    let target = vendor.target();
    prove(
        &posts(vendor, &target, "discord", "", "123456789012345678").await,
        "123456789012345678",
    );
}

#[tokio::test]
async fn telegram_shows_it_as_it_reads() {
    let vendor = Telegram::new("12:abc", -1001);
    let more = "token = \"12:abc\"\nchat_id = -1001";
    prove(&posts(vendor, "", "telegram", more, "4242").await, "4242");
}

#[tokio::test]
async fn mattermost_shows_it_as_it_reads() {
    let vendor = Mattermost::new("h00k");
    prove(&posts(vendor, "/hooks/h00k", "mattermost", "", "ann").await, "ann");
}

#[tokio::test]
async fn rocketchat_shows_it_as_it_reads() {
    let vendor = RocketChat::new("1nt", "t0ken");
    prove(&posts(vendor, "/hooks/1nt/t0ken", "rocketchat", "", "ann").await, "ann");
}
