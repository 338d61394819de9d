use std::fs;
use std::path::Path;

use super::*;
use crate::clock::{Clock, ManualClock};
use crate::config::Environment;
use crate::daemon::{Asked, Begun, ClockTrust, FirstLoad, RunOptions, TakenIn, Watch, begin};
use crate::rules::intake::Removals;
use crate::store::{Access, Store};

const CONFIG: &str = r#"
timezone = "Asia/Shanghai"
locale = "en"
calendar = "mon-fri"
office = "office"
ledger = ["ledger.csv"]
store.url = "sqlite:duban.db"
defaults.ladder = "standard"
channels.mail = { type = "email", server = "file:mail", from = "Duban <duban@example.org>" }
channels.post = { type = "email", server = "file:post", from = "Duban <duban@example.org>" }
people.office = { name = "Office", email = "office@example.org", channels = ["mail"] }
people.ann = { name = "Ann", email = "ann@example.org" }
units.works = { name = "Works", head = "ann" }
audit.report = "daily"

[ladders.standard]
steps = [{ at = "-3wd", level = "remind", to = ["head"] }]
"#;
const LEDGER: &str = "id,title,unit,lead,opened,due\n1,Task 1,works,ann,2026-01-01,2026-03-10\n2,Task 2,works,ann,2026-01-01,2026-05-12\n";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

async fn begun(dir: &Path, clock: &ManualClock) -> (Arc<Helm>, Watch) {
    fs::write(dir.join("duban.toml"), CONFIG).expect("it is written");
    fs::write(dir.join("ledger.csv"), LEDGER).expect("it is written");
    let (path, env) = (dir.join("duban.toml"), Environment::new([]));
    let opened = Store::open(&dir.join("duban.db"), Access::Run, clock.now())
        .await
        .expect("it opens");
    let options = RunOptions {
        first_load: FirstLoad::CatchUp,
        removals: Removals::Guarded,
        clock_trust: ClockTrust::Watched,
    };
    let Begun { helm, looked, .. } = begin(&path, &env, opened, Arc::new(clock.clone()), options)
        .await
        .expect("it begins");
    (helm, Watch::new(&path, &env, looked))
}

async fn pass(helm: &Helm) {
    helm.decide(crate::daemon::Gather::Done).await.expect("it decides");
    helm.deliver_all().await.expect("it delivers");
}

#[tokio::test]
async fn what_was_counted_by_files_that_are_in_force_no_more_is_counted_again_by_the_new_ones() {
    let dir = tempfile::tempdir().expect("a folder");
    let clock = ManualClock::new(at("2026-03-09T12:00:00+08:00"));
    let (helm, mut watch) = begun(dir.path(), &clock).await;
    pass(&helm).await;
    clock.set(at("2026-03-10T12:00:00+08:00"));
    pass(&helm).await;
    let (engine, since) = helm.steered().await.expect("it looks");
    // While it counts, another ladder is taken in, and told by; and the office wants to hear elsewhere.
    clock.set(at("2026-03-10T12:00:01+08:00"));
    let moved = CONFIG
        .replace("-3wd", "0d")
        .replace("channels = [\"mail\"]", "channels = [\"post\"]");
    fs::write(dir.path().join("duban.toml"), moved).expect("it is written");
    let loaded = watch.load(Asked::BySomebody).await;
    assert_eq!(helm.take_in(loaded).await.expect("it takes in"), TakenIn::InForce(2));
    pass(&helm).await;
    clock.set(at("2026-03-10T12:00:02+08:00"));
    let overtaken = engine.count(clock.now()).await.expect("it counts");
    assert!(!overtaken.is_clean(), "by the old files something would be wrong");
    assert_eq!(
        helm.count_by(&engine, since, clock.now()).await.expect("it counts"),
        None
    );
    assert!(helm.engine().store().causes().await.expect("causes").is_empty());

    let audit = helm.nightly_due().await.expect("it counts").expect("its hour has come");
    assert!(audit.is_clean(), "{:?}", audit.findings);
    pass(&helm).await;
    let words = |folder: &str| {
        let files = fs::read_dir(dir.path().join(folder)).into_iter().flatten();
        let texts = files.map(|file| fs::read_to_string(file.expect("a file").path()).expect("a mail"));
        texts.filter(|text| text.contains("self-audit clean")).count()
    };
    assert_eq!((words("mail"), words("post")), (0, 1));
}
