/*
 * The floor under one event that is kept: a program that does nothing but put one row into an SQLite
 * file and wait for the disk. `run` compiles it with `-O2 -static` and the system's SQLite
 * (libsqlite3-dev), and compares zammad-cti with it.
 *
 *     bare_insert FILE TEXT         puts TEXT into the file's only table
 *     bare_insert --begin FILE      begins the file: one table, pages of 4 KiB, write-ahead log
 *
 * Like zammad-cti it leaves what it wrote in the log when it ends. Otherwise the last one to close
 * the file, which here is everyone, would wait for the disk once more to empty the log.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static int fail(sqlite3 *db)
{
    fprintf(stderr, "bare_insert: %s\n", sqlite3_errmsg(db));
    return 1;
}

static int begin(const char *file)
{
    sqlite3 *db;
    if (sqlite3_open(file, &db) != SQLITE_OK ||
        sqlite3_exec(db,
                     "PRAGMA page_size = 4096;"
                     "PRAGMA journal_mode = WAL;"
                     "CREATE TABLE event (position INTEGER PRIMARY KEY, text TEXT NOT NULL);",
                     NULL, NULL, NULL) != SQLITE_OK)
        return fail(db);
    return sqlite3_close(db) == SQLITE_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--begin") == 0)
        return begin(argv[2]);
    if (argc != 3) {
        fprintf(stderr, "usage: bare_insert FILE TEXT | bare_insert --begin FILE\n");
        return 2;
    }

    sqlite3 *db;
    sqlite3_stmt *insert;
    if (sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
        sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) != SQLITE_OK ||
        sqlite3_exec(db, "PRAGMA synchronous = FULL", NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "INSERT INTO event (text) VALUES (?)", -1, &insert, NULL) != SQLITE_OK ||
        sqlite3_bind_text(insert, 1, argv[2], -1, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_step(insert) != SQLITE_DONE ||
        sqlite3_finalize(insert) != SQLITE_OK ||
        sqlite3_close(db) != SQLITE_OK)
        return fail(db);
    puts("spooled");
    return 0;
}
