//! The campaign of Langfang with people who act: its scores and its circular, counted again by a script that shares no
//! code, and its document opened by others.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use duban::rules::progress::Act;
use serde_json::Value;

use crate::campaign::langfang;
use crate::world::World;

const PERIOD: [&str; 4] = ["--from", "2021-11-14", "--to", "2022-02-28"];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn duban(world: &World, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(env!("CARGO_BIN_EXE_duban"))
        .args(arguments)
        .arg("-c")
        .arg(world.path("duban.toml"))
        .env_clear()
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Whether Python is there; where it is not, that is said loudly.
fn has_python() -> bool {
    let is_there = Command::new("python3").arg("--version").output().is_ok();
    if !is_there {
        not_tested("there is no python3, so nothing was counted again and no document opened");
    }
    is_there
}

/// Says loudly what this machine could not test; straight to standard error, which a passing test does not hide.
fn not_tested(why: &str) {
    let mut err = io::stderr();
    err.write_all(format!("NOT TESTED: {why}\n").as_bytes()).unwrap();
}

fn python(script: &str, arguments: &[&str], stdin: Stdio) -> Value {
    let output = Command::new("python3")
        .arg(fixture(script))
        .args(arguments)
        .stdin(stdin)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Three and a half months: tasks closed in time and late, returned with a later deadline, extended in the ledger,
/// relapsed, called off, under review, forgotten; and one closed after the period.
async fn played() -> World {
    let mut world = langfang();
    world.write("reviews.toml", "");
    world.start("2021-11-14T08:00:00+08:00").await;
    let say = |text: &str| Act::Report { progress: text.into() };
    let close = || Act::Close { on: None };
    let later = |due: &str| Act::Return {
        due: Some(due.parse().unwrap()),
    };
    for (at, task, act) in [
        (
            "2021-12-10T09:30:00+08:00",
            "1",
            say("已新增3个班，班额全部降至55人以下，联系人13800138000"),
        ),
        ("2021-12-14T10:00:00+08:00", "1", Act::Submit),
        ("2021-12-15T10:00:00+08:00", "1", close()),
        ("2021-12-17T16:00:00+08:00", "8", say("10个县（市、区）均已设立主体办")),
        ("2021-12-17T19:00:00+08:00", "8", close()),
        ("2021-12-28T10:00:00+08:00", "4", Act::Submit),
        ("2021-12-29T10:00:00+08:00", "4", later("2022-01-14")),
        ("2022-01-05T10:00:00+08:00", "18.4", Act::Cancel),
        (
            "2022-01-12T10:00:00+08:00",
            "4",
            say("涉事企业已关停取缔，排查同类企业46家"),
        ),
        ("2022-01-12T10:05:00+08:00", "4", Act::Submit),
        ("2022-01-13T10:00:00+08:00", "4", close()),
        ("2022-01-20T10:00:00+08:00", "7", close()),
        ("2022-02-10T10:00:00+08:00", "2", close()),
        ("2022-02-15T10:00:00+08:00", "1", Act::Reopen { due: None }),
        ("2022-02-25T10:00:00+08:00", "3", Act::Submit),
        ("2022-02-25T11:00:00+08:00", "8", Act::Reopen { due: None }),
        ("2022-02-27T11:00:00+08:00", "8", close()),
        ("2022-03-02T10:00:00+08:00", "11", close()),
    ] {
        world.run_until(at).await;
        world.act(task, &act).await;
        if task == "18.4" {
            let ledger = fs::read_to_string(world.path("ledger.csv")).unwrap();
            let row = ledger.lines().find(|line| line.starts_with("13,")).unwrap();
            world.write(
                "ledger.csv",
                ledger.replace(row, &row.replace("2022-01-31", "2022-02-18")),
            );
            world.restart("2022-01-05T10:00:01+08:00").await;
        }
    }
    world.run_until("2022-03-03T10:00:00+08:00").await;
    world.stop().await;
    world
}

fn score(world: &World) -> Value {
    let arguments = [&["score"], PERIOD.as_slice(), &["--format", "json"]].concat();
    serde_json::from_slice(&duban(world, &arguments)).unwrap()
}

/// What a unit's row says: the measures' counts, and among how many tasks.
fn units(score: &Value) -> BTreeMap<String, BTreeMap<String, u64>> {
    let rows = score["rows"].as_array().unwrap();
    rows.iter()
        .map(|row| {
            let lines = row["lines"].as_array().unwrap();
            let mut counts: BTreeMap<String, u64> = lines
                .iter()
                .map(|line| {
                    (
                        line["measure"].as_str().unwrap().into(),
                        line["count"].as_u64().unwrap(),
                    )
                })
                .collect();
            counts.insert("tasks".into(), row["tasks"].as_u64().unwrap());
            counts.insert("judged".into(), lines[0]["tasks"].as_u64().unwrap());
            (row["name"].as_str().unwrap().into(), counts)
        })
        .collect()
}

/// The rows of the table of figures: the area, and seven counts.
fn areas(markdown: &str) -> BTreeMap<String, Vec<u64>> {
    markdown
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.strip_prefix("| ")?.split(" | ").collect();
            let counts: Vec<u64> = cells[1..8].iter().filter_map(|cell| cell.parse().ok()).collect();
            (counts.len() == 7).then(|| (cells[0].to_owned(), counts))
        })
        .collect()
}

#[tokio::test]
async fn scores_and_circular_of_the_campaign_are_what_an_independent_script_counts_and_the_document_opens() {
    let world = played().await;
    let circular = [&["circular"], PERIOD.as_slice()].concat();
    let markdown = String::from_utf8(duban(&world, &circular)).unwrap();
    let docx = world.path("circular.docx");
    let output = docx.display().to_string();
    duban(&world, &[circular.as_slice(), &["-o", &output]].concat());
    let score = score(&world);
    it_says_what_was_done(&markdown);
    if !has_python() {
        return;
    }
    fs::write(world.path("journal.jsonl"), duban(&world, &["journal", "export"])).unwrap();
    let counted = python(
        "tests/fixtures/recount.py",
        &[
            fixture("config/langfang/ledger.csv").to_str().unwrap(),
            fixture("src/config/calendars/cn-mainland.toml").to_str().unwrap(),
            PERIOD[1],
            PERIOD[3],
        ],
        File::open(world.path("journal.jsonl")).unwrap().into(),
    );
    let said = units(&score);
    assert!(said.len() > 5, "{said:?}");
    assert_eq!(serde_json::to_value(&said).unwrap(), counted["units"]);
    let mut said = areas(&markdown);
    let total = said.remove("合计").unwrap();
    assert_eq!(serde_json::to_value(&said).unwrap(), counted["areas"]);
    let sums: Vec<u64> = (0..7)
        .map(|column| said.values().map(|row| row[column]).sum())
        .collect();
    assert_eq!(total, sums);
    the_document_opens(&docx);
}

fn it_says_what_was_done(markdown: &str) {
    for text in [
        "# 关于督办任务办理情况的通报",
        "现将2021年11月14日至2022年2月28日督办任务办理情况通报如下。",
        "**关停取缔涉事企业并排查同类散乱污企业**。责任单位：文安县委。2022年1月13日办结，首次确定的时限为2021年12月31日。涉事企业已关停取缔，排查同类企业46家。",
        "完成时限：2021年12月16日，已逾期",
        "办结后重新开启。已新增3个班，班额全部降至55人以下，联系人\\*\\*\\*。",
        "完成时限：2022年2月28日，已报送，待审核。",
        "<p align=\"right\">督办办公室</p>\n<p align=\"right\">2022年2月28日</p>",
    ] {
        assert!(markdown.contains(text), "{text} is not in\n{markdown}");
    }
    assert!(!markdown.contains('@'), "{markdown}");
    let called_off = "加大科技型和高新技术企业培育";
    assert!(!markdown.contains(called_off), "{markdown}");
}

fn the_document_opens(docx: &Path) {
    let read = python("tests/fixtures/read_docx.py", &[docx.to_str().unwrap()], Stdio::null());
    let paragraphs: Vec<(Value, &str)> = read["paragraphs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|paragraph| (paragraph[0].clone(), paragraph[1].as_str().unwrap()))
        .collect();
    assert_eq!(paragraphs[0].1, "关于督办任务办理情况的通报");
    let headings: Vec<&str> = paragraphs
        .iter()
        .filter(|(style, _)| style == "Heading1")
        .map(|(_, text)| *text)
        .collect();
    assert_eq!(
        headings,
        [
            "一、任务来源与分解",
            "二、办理情况",
            "三、有关数据",
            "四、尚未办结的任务"
        ]
    );
    assert_eq!(paragraphs.last().unwrap().1, "2022年2月28日");
    let table = read["tables"][0].as_array().unwrap();
    assert_eq!((table.len(), table[5][0].as_str()), (6, Some("合计")));
    assert_eq!(read["page"], serde_json::json!(["11906", "16838"]));
    for font in ["仿宋", "黑体", "楷体"] {
        assert!(
            read["fonts"].as_array().unwrap().contains(&font.into()),
            "{}",
            read["fonts"]
        );
    }
    a_word_processor_opens_it(docx);
}

/// Where `LibreOffice` has its word processor, which takes a plain text too; many machines have only its spreadsheet.
fn a_word_processor_opens_it(docx: &Path) {
    let folder = docx.parent().unwrap();
    let text = folder.join("plain.txt");
    fs::write(&text, "plain").unwrap();
    if !converts(&text) {
        not_tested("there is no LibreOffice Writer, so no word processor opened the document");
        return;
    }
    assert!(converts(docx), "LibreOffice Writer does not open the document");
}

fn converts(path: &Path) -> bool {
    let folder = path.parent().unwrap();
    let converted = Command::new("soffice")
        .arg(format!("-env:UserInstallation=file://{}/office", folder.display()))
        .args(["--headless", "--convert-to", "pdf:writer_pdf_Export", "--outdir"])
        .args([folder, path])
        .output();
    let pdf = fs::read(path.with_extension("pdf"));
    converted.is_ok() && pdf.is_ok_and(|pdf| pdf.starts_with(b"%PDF"))
}

#[tokio::test]
async fn periods_that_cannot_be_are_refused_with_exit_code_two() {
    let mut world = langfang();
    world.write("reviews.toml", "");
    world.start("2021-11-14T08:00:00+08:00").await;
    world.stop().await;
    for (arguments, text) in [
        (
            "score --from 2022-02-28 --to 2021-11-14",
            "--to 2021-11-14 is before --from 2022-02-28",
        ),
        (
            "circular --from 2022-02-01 --to 2022-02-28 --now 2021-12-01",
            "nothing is known of 2022-02-01 yet",
        ),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_duban"))
            .args(arguments.split(' '))
            .arg("-c")
            .arg(world.path("duban.toml"))
            .env_clear()
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains(text), "{told}");
    }
}
