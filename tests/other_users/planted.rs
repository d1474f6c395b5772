//! Files that somebody has made to look like a spool.

use rusqlite::Connection;

use crate::desk::new_call;
use crate::users::{Shared, User, give};

/// Triggers, views and tables that are not ours would do what their author wants with each event.
#[test]
fn a_file_with_more_in_it_than_we_put_there_is_left_alone() {
    for planted in [
        "CREATE TRIGGER theirs AFTER INSERT ON event BEGIN DELETE FROM event; END",
        "CREATE TABLE theirs (x)",
        "CREATE VIEW theirs AS SELECT * FROM event",
        "CREATE INDEX theirs ON event (text)",
        "ALTER TABLE event ADD COLUMN theirs INTEGER",
        "DROP TRIGGER event_comes; CREATE TRIGGER event_comes AFTER INSERT ON event BEGIN SELECT 1; END",
        "DROP TRIGGER event_goes",
        "DROP TABLE held",
        "DROP INDEX event_due; CREATE INDEX event_due ON event (address, due, position)",
    ] {
        let shared = Shared::new();
        let always = |id| [new_call(id), vec!["--spool", "always"]].concat();
        assert_eq!(shared.run(User::Service, &always("1"), "").stdout, "spooled\n");
        Connection::open(shared.desk.spool()).unwrap().execute_batch(planted).unwrap();
        let ran = shared.run(User::Service, &always("2"), "");
        // It goes to Zammad instead.
        assert_eq!((ran.code, ran.stdout.as_str()), (0, "none\n"), "{planted}: {ran}");
        assert!(ran.stderr.contains("is another program's file"), "{planted}: {ran}");
        let ran = shared.run(User::Service, &["spool", "list"], "");
        assert!(ran.code == 74 && ran.stderr.contains("is another program's file"), "{planted}: {ran}");
    }
}

/// Values that no release writes: times after the year 9999 or before 1970, negative counts, and so on.
#[test]
fn no_value_in_the_file_is_an_internal_error() {
    let values = [
        "9223372036854775807",
        "-9223372036854775808",
        "-1",
        "0",
        "253402300800000",
        "NULL",
        "'x'",
        "'\u{1b}[31m'",
    ];
    let columns = [
        (
            "event",
            &[
                "call_id", "kind", "rank", "text", "answered", "kept", "boot", "up", "state", "due",
                "attempts",
            ][..],
        ),
        ("event", &["unknown_call", "under_way", "uncertain", "reason", "head", "position"]),
        ("attempt", &["at", "outcome", "event"]),
        (
            "call",
            &[
                "call_id",
                "key",
                "direction",
                "calling",
                "called",
                "answered",
                "began",
                "boot",
                "up",
                "hangup",
                "ended",
            ],
        ),
        ("held", &["since", "reason"]),
        (
            "total",
            &["events", "bytes", "kept", "delivered", "dead", "refused", "dropped", "damaged", "tidied"],
        ),
    ];
    let mut tried = 0;
    let shared = Shared::new();
    shared.desk.is_down();
    for id in ["1", "2"] {
        assert_eq!(shared.run(User::Service, &new_call(id), "").stdout, "spooled\n");
    }
    shared.run(User::Service, &["spool", "flush"], "");
    let spool = shared.desk.spool();
    Connection::open(&spool).unwrap().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let whole = std::fs::read(&spool).unwrap();
    for (table, columns) in columns {
        for column in columns {
            for value in values {
                for suffix in ["-wal", "-shm"] {
                    let _ = std::fs::remove_file(format!("{}{suffix}", spool.display()));
                }
                std::fs::write(&spool, &whole).unwrap();
                give(&spool, User::Service, 0o660);
                let changed = Connection::open(&spool)
                    .unwrap()
                    .execute_batch(&format!("UPDATE {table} SET {column} = {value}"));
                if changed.is_err() {
                    // The table itself takes no such value.
                    continue;
                }
                tried += 1;
                for words in [
                    &["spool", "list"][..],
                    &["spool", "stats"],
                    &["calls"],
                    &["spool", "show", "1"],
                    &["check"],
                ] {
                    let ran = shared.run(User::Service, words, "");
                    assert!(
                        ran.code != 70 && ran.code != 101,
                        "{table}.{column} = {value}: {words:?}: {ran}"
                    );
                    assert!(!ran.stdout.contains('\u{1b}'), "{table}.{column} = {value}: {words:?}: {ran}");
                }
            }
        }
    }
    assert!(tried > 100, "{tried}");
}
