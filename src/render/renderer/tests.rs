use super::*;
use crate::domain::ladder::{Anchor, Level};

fn renderer() -> Renderer {
    Renderer::new(&BTreeMap::new()).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

#[test]
fn the_built_in_templates_render_every_sample() {
    renderer();
}

#[test]
#[ignore = "writes sample mails to look at into $CARGO_TARGET_TMPDIR/mails"]
fn samples_to_look_at() {
    let renderer = renderer();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/mails");
    std::fs::create_dir_all(&folder).expect("a folder");
    for locale in [Locale::ZhCn, Locale::En] {
        let write = |name: &str, words: &Words| {
            for (ending, text) in [("html", &words.html), ("txt", &words.text), ("md", &words.markdown)] {
                let file = folder.join(format!("{name}-{}.{ending}", locale.as_str()));
                std::fs::write(file, text).expect("a file");
            }
        };
        let mut items: Vec<_> = [
            (Anchor::Due, Level::Summon),
            (Anchor::Due, Level::Overdue),
            (Anchor::Reported, Level::Warn),
            (Anchor::Submitted, Level::Remind),
        ]
        .into_iter()
        .enumerate()
        .map(|(index, (anchor, level))| sample::item(locale, anchor, level, index))
        .collect();
        items[1].view.late = true;
        items[2].standing.passed = false;
        items[2].standing.working_days_left = 12;
        items[2].standing.days_left = 17;
        items[2].view.task.light = crate::domain::task::Light::Yellow;
        items[2].standing.provisional = true;
        let mut one = sample::digest(locale, vec![items[1].clone()]);
        one.trial_for = Some("张三".into());
        write("one", &renderer.notices(&one));
        write("several", &renderer.notices(&sample::digest(locale, items)));
        for (name, summary) in ["review", "green", "empty"].iter().zip(sample::summaries(locale)) {
            write(name, &renderer.review(&summary));
        }
        for word in sample::system_words().into_iter().take(2) {
            write("system", &renderer.system(&word, locale, sample::AS_OF));
        }
    }
}
