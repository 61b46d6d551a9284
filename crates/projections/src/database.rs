//! How the read models open `SQLite`: one writer, readers beside it, synced at checkpoints only, because the journal is the
//! truth and everything here can be built again from it.

use rusqlite::Connection;
use std::path::Path;

/// Opens a database to write, making its folder where there is none.
pub(crate) fn open(path: &Path) -> rusqlite::Result<Connection> {
    if let Some(folder) = path.parent() {
        // Where the folder cannot be made, opening the file says so.
        drop(std::fs::create_dir_all(folder));
    }
    let database = Connection::open(path)?;
    database.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;
         PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 8000;",
    )?;
    database.set_prepared_statement_cache_capacity(64);
    Ok(database)
}
