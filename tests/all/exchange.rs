//! The ledger goes out and comes in again: what was written changes nothing when it is loaded.

use std::process::{Command, Output};

use duban::rules::progress::Act;

use crate::real_webhook::python;
use crate::world::{TOWN, World};

/// In the office's own order and words, with texts that spreadsheets compute and cells that are hard to keep.
const LEDGER: &str = "完成时限,序号,整改任务,责任单位,领导,问题,督导组,立项日期,周期,批次,进度\n\
    2026-06-30,1,=HYPERLINK(\"http://evil\"),Works,Cat,\"- first\n- second\",,,,第一批,\n\
    2026-03-31 17:00,2,'=quoted,Works,\"Cat、Ben\",\"a,\"\"b\"\"\",Ben,2026-01-01,,,10%\n\
    2026-05-31T18:00:00+09:00,007,@sum,Works,Cat,,,2026-01-01,,,\n\
    2026-07-31,4,plain,Works,Cat,,,2026-01-01,,,\n\
    2026-08-31,5,off,Works,Cat,,,2026-01-01,,,\n\
    ,Q,Quarter,Works,Cat,,,2026-01-01,每季度最后一个工作日,,\n";

/// The town a month on: reported, handed in, closed, called off, moved.
async fn lived_in() -> World {
    let config = format!("ledger_columns.lead = \"领导\"\n{TOWN}").replace("locale = \"en\"", "locale = \"zh-CN\"");
    let mut world = World::new(&config, LEDGER);
    world.start("2026-02-02T08:00:00+08:00").await;
    assert_eq!(world.problems, [""; 0]);
    world.run_until("2026-02-03T12:34:56+08:00").await;
    let report = |progress: &str| Act::Report {
        progress: progress.to_owned(),
    };
    world.act("1", &report("=50%")).await;
    world.act("2", &report("done")).await;
    world.act("2", &Act::Submit).await;
    world.act("4", &Act::Close { on: None }).await;
    world.act("5", &Act::Cancel).await;
    let moved = Some("2026-09-30".parse().unwrap());
    world.act("007", &Act::Submit).await;
    world.act("007", &Act::Return { due: moved }).await;
    world
}

fn duban(world: &World, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_duban"))
        .args(words)
        .env_clear()
        .env("DUBAN_CONFIG", world.path("duban.toml"))
        .current_dir(world.dir.path())
        .output()
        .unwrap()
}

#[track_caller]
fn done(output: &Output) -> String {
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What the journal says after the files were taken in once more.
async fn facts_of_a_load(world: &mut World) -> Vec<String> {
    let before = world.store().head().await.unwrap().unwrap().seq;
    world.stop().await;
    world.start("2026-02-03T13:00:00+08:00").await;
    assert_eq!(world.problems, [""; 0]);
    let entries = world.store().entries(before, 1000).await.unwrap();
    let facts = entries.iter().filter(|entry| entry.fact().is_some());
    facts
        .map(|entry| format!("{:?} {} {}", entry.task, entry.kind, entry.data))
        .collect()
}

const AS_OF: &str = "2026-02-03T12:40:00+08:00";

#[tokio::test]
async fn an_exported_table_has_the_offices_columns_first_and_no_cell_that_is_computed() {
    let world = lived_in().await;
    let out = done(&duban(&world, &["export", "--now", AS_OF]));
    let lines: Vec<&str> = out.split("\r\n").collect();
    assert_eq!(
        lines[0],
        "\u{feff}完成时限,序号,整改任务,责任单位,领导,问题,督导组,立项日期,周期,批次,进度,状态,办结日期,\
         督办状态,灯,逾期天数,最近报告,最近通知"
    );
    assert!(
        lines[1].starts_with("2026-06-30,1,\"'=HYPERLINK(\"\"http://evil\"\")\",Works,Cat,\"'- first\n- second\",,,,第一批,'=50%,进行中,,"),
        "{}",
        lines[1]
    );
    assert!(
        out.contains("\r\n2026-09-30,007,'@sum,Works,Cat,,,2026-01-01,"),
        "{out}"
    );
    assert!(
        out.contains(",4,plain,Works,Cat,,,2026-01-01,,,,已办结,2026-02-03,"),
        "{out}"
    );
    assert!(
        out.contains("\r\n,Q,Quarter,Works,Cat,,,2026-01-01,每季度最后一个工作日,"),
        "{out}"
    );
}

#[tokio::test]
async fn a_table_that_was_exported_changes_nothing_when_it_is_the_ledger() {
    for name in ["out.csv", "out.xlsx"] {
        let mut world = lived_in().await;
        done(&duban(&world, &["export", "-o", name, "--now", AS_OF]));
        world.edit("ledger.csv", name);
        assert_eq!(facts_of_a_load(&mut world).await, [""; 0], "{name}");
        let check = duban(&world, &["check"]);
        assert_eq!(
            check.status.code(),
            Some(0),
            "{name}: {}",
            String::from_utf8_lossy(&check.stdout)
        );
        assert!(
            !String::from_utf8_lossy(&check.stdout).contains("the journal"),
            "{name}"
        );
    }
}

#[tokio::test]
async fn an_export_that_was_imported_as_toml_changes_nothing() {
    let mut world = lived_in().await;
    done(&duban(&world, &["export", "-o", "out.xlsx", "--now", AS_OF]));
    done(&duban(&world, &["import", "out.xlsx", "-o", "ledger.toml"]));
    world.edit("ledger.csv", "ledger.toml");
    // The words of a table are not those of TOML.
    world.edit("ledger_columns.lead = \"领导\"\n", "");
    assert_eq!(facts_of_a_load(&mut world).await, [""; 0]);
}

#[tokio::test]
async fn a_table_of_nothing_done_has_no_column_that_the_office_did_not_have() {
    let mut world = World::new(TOWN, "id,title,unit,lead,due\n1,T,works,cat,2026-06-30\n");
    world.start("2026-02-02T08:00:00+08:00").await;
    let out = done(&duban(&world, &["export", "--now", "2026-02-02T09:00:00+08:00"]));
    assert!(out.starts_with("\u{feff}id,title,unit,lead,due,state,light,"), "{out}");
}

#[tokio::test]
async fn a_dry_import_tells_what_differs_and_writes_nothing() {
    let world = World::new(
        TOWN,
        "id,title,unit,lead,due\n1,T,works,cat,2026-06-30\n2,Gone,works,cat,2026-06-30\n",
    );
    world.write(
        "new.csv",
        "id,title,unit,lead,due\n1,T,works,ben,2026-07-31\n3,New,works,cat,2026-06-30\n",
    );
    let out = done(&duban(&world, &["import", "new.csv", "-o", "new.toml", "--dry-run"]));
    assert_eq!(
        out,
        "~ 1: lead: Cat -> Ben\n~ 1: due: 2026-06-30 -> 2026-07-31\n+ 3: New\n- 2: Gone\n\
         2 tasks would be written to new.toml\n"
    );
    assert!(!world.path("new.toml").exists());
    let same = done(&duban(&world, &["import", "ledger.csv", "--dry-run"]));
    assert_eq!(
        same,
        "nothing differs from the ledger in force\n2 tasks would be written to standard output\n"
    );
}

#[tokio::test]
async fn an_import_names_every_mistake_as_check_does_and_writes_nothing() {
    let world = World::new(TOWN, "id,title,unit,lead,due\n1,T,works,cat,2026-06-30\n");
    world.write("new.csv", "id,title,unit,lead,due\n1,T,wroks,cat,2026-06-31\n");
    let output = duban(&world, &["import", "new.csv", "-o", "new.toml"]);
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(err.contains("new.csv:2:5: error: unit `wroks` is not defined"), "{err}");
    assert!(
        err.contains("new.csv:2:15: error: due: `2026-06-31` is a date that does not exist"),
        "{err}"
    );
    assert!(!world.path("new.toml").exists());
}

#[tokio::test]
async fn no_file_is_written_over_unless_it_is_forced() {
    let world = World::new(TOWN, "id,title,unit,lead,due\n1,T,works,cat,2026-06-30\n");
    world.write("new.toml", "kept");
    let refused = duban(&world, &["import", "ledger.csv", "-o", "new.toml"]);
    assert_eq!(refused.status.code(), Some(1));
    let refused = duban(&world, &["export", "-o", "./ledger.csv"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("the configuration is read from"));
    assert_eq!(std::fs::read_to_string(world.path("new.toml")).unwrap(), "kept");
    done(&duban(&world, &["import", "ledger.csv", "-o", "new.toml", "--force"]));
    let written = std::fs::read_to_string(world.path("new.toml")).unwrap();
    assert_eq!(
        written,
        "# Written by `duban import` from ledger.csv.\n\n[[tasks]]\nid = \"1\"\ntitle = \"T\"\nlead = \"cat\"\n\
         unit = \"works\"\ndue = 2026-06-30\n"
    );
}

#[tokio::test]
async fn the_calendar_keeps_its_ids_and_moves_with_the_deadline() {
    let world = lived_in().await;
    let calendar =
        |world: &World| done(&duban(world, &["export", "--format", "ics", "--now", AS_OF])).replace("\r\n ", "");
    let out = calendar(&world);
    assert_eq!(out, calendar(&world), "twice the same");
    let event = |id: &str| {
        let uid = format!("UID:{id}@example.org\r\n");
        let event = out.split("BEGIN:VEVENT").find(|event| event.contains(&uid));
        event.unwrap_or_else(|| panic!("no event of {id} in\n{out}")).to_owned()
    };
    let moved = event("007");
    assert!(
        moved.contains("DTSTART;VALUE=DATE:20260930") && moved.contains("SEQUENCE:2"),
        "{moved}"
    );
    assert_eq!(moved.matches("BEGIN:VALARM").count(), 2);
    let timed = event("2");
    assert!(
        timed.contains("DTSTART:20260331T090000Z") && timed.contains("DTSTAMP:20260203T"),
        "{timed}"
    );
    let closed = event("4");
    assert!(
        closed.contains("SUMMARY:【已办结】plain") && !closed.contains("VALARM"),
        "{closed}"
    );
    assert!(event("5").contains("STATUS:CANCELLED"));
    assert!(out.contains("UID:Q@2026-03-31@example.org"), "{out}");
}

#[tokio::test]
async fn scripts_get_the_columns_by_their_keys_and_where_each_task_stands() {
    let world = lived_in().await;
    let out = done(&duban(&world, &["export", "--format", "json", "--now", AS_OF]));
    let rows: serde_json::Value = serde_json::from_str(&out).unwrap();
    let row = |id: &str| rows.as_array().unwrap().iter().find(|row| row["id"] == id).unwrap();
    assert_eq!(row("2")["lead"], serde_json::json!(["cat", "ben"]));
    assert_eq!(
        (&row("2")["status"], &row("2")["progress"]),
        (&"submitted".into(), &"done".into())
    );
    assert_eq!(row("007")["due"], "2026-09-30");
    assert_eq!(row("5")["light"], "grey");
    assert!(row("4")["closed"].as_str().unwrap().starts_with("2026-02-03"));
}

#[tokio::test]
async fn without_a_store_the_ledger_is_exported_as_it_would_first_be_loaded() {
    let world = World::new(TOWN, "id,title,unit,lead,due\n1,T,works,cat,2026-06-30\n");
    let output = duban(&world, &["export", "--format", "json"]);
    let rows: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(rows[0]["status"], "open");
    assert!(!world.path("duban.db").exists());
}

fn run_python(world: &World, arguments: &[&str]) -> String {
    let output = Command::new(python())
        .args(arguments)
        .current_dir(world.dir.path())
        .output()
        .unwrap();
    done(&output)
}

#[tokio::test]
#[ignore = "needs python3 with openpyxl"]
async fn openpyxl_finds_text_where_text_was_and_dates_where_dates_were() {
    let world = lived_in().await;
    done(&duban(&world, &["export", "-o", "out.xlsx", "--now", AS_OF]));
    let code = "import openpyxl; s = openpyxl.load_workbook('out.xlsx').active\n\
                print(s.title, s.freeze_panes, s.auto_filter.ref)\n\
                for r in s.iter_rows(min_row=2, max_row=3, max_col=3): print([(c.value, c.data_type) for c in r])";
    let out = run_python(&world, &["-c", code]);
    assert_eq!(
        out,
        "台账 B2 A1:R7\n[(datetime.datetime(2026, 6, 30, 0, 0), 'd'), ('1', 's'), ('=HYPERLINK(\"http://evil\")', 's')]\n\
         [(datetime.datetime(2026, 3, 31, 17, 0), 'd'), ('2', 's'), ('=quoted', 's')]\n"
    );
}

#[tokio::test]
#[ignore = "needs python3 with openpyxl"]
async fn an_export_that_openpyxl_saved_again_changes_nothing() {
    let mut world = lived_in().await;
    done(&duban(&world, &["export", "-o", "out.xlsx", "--now", AS_OF]));
    run_python(
        &world,
        &[
            "-c",
            "import openpyxl; b = openpyxl.load_workbook('out.xlsx'); b.save('out.xlsx')",
        ],
    );
    world.edit("ledger.csv", "out.xlsx");
    assert_eq!(facts_of_a_load(&mut world).await, [""; 0]);
}

#[tokio::test]
#[ignore = "needs python3 with openpyxl"]
async fn the_langfang_ledger_as_openpyxl_makes_it_anew_is_the_committed_one() {
    let world = World::new(TOWN, "id,title,unit,lead,due\n");
    let root = env!("CARGO_MANIFEST_DIR");
    let script = format!("{root}/tests/fixtures/make_ledger.py");
    let table = format!("{root}/config/langfang/ledger.csv");
    run_python(&world, &[&script, &table, "made.xlsx", "wrong"]);
    let made = duban::files::workbook::read(&std::fs::read(world.path("made.xlsx")).unwrap()).unwrap();
    let kept = std::fs::read(format!("{root}/tests/fixtures/langfang-wrong.xlsx")).unwrap();
    let kept = duban::files::workbook::read(&kept).unwrap();
    for (made_sheet, kept_sheet) in made.sheets.iter().zip(&kept.sheets) {
        assert_eq!(made_sheet.cells, kept_sheet.cells);
        assert_eq!(made_sheet.merged, kept_sheet.merged);
    }
    assert_eq!(made.sheets.len(), kept.sheets.len());
}
