-- Decimals are TEXT: exact, and read back as they were. `px` and `bps` for charts are REAL and INTEGER shadows.
CREATE TABLE IF NOT EXISTS cursor (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS intents (
    seq INTEGER PRIMARY KEY,            -- the entry that accepted it
    intent_id TEXT NOT NULL UNIQUE,
    at_ns INTEGER NOT NULL,
    strategy TEXT,
    book TEXT NOT NULL,
    instrument TEXT NOT NULL,
    source_run TEXT,
    action TEXT NOT NULL,
    size TEXT NOT NULL,                 -- of the plan
    limit_px TEXT,
    decision_px TEXT,
    constraints TEXT NOT NULL,          -- separated by commas
    status TEXT,                        -- null while it is open, and so is what follows
    disposition TEXT,
    reason TEXT,
    bought TEXT,
    sold TEXT,
    avg_px TEXT,
    fees TEXT,
    slippage_bps INTEGER,
    closed_seq INTEGER,
    closed_at_ns INTEGER
);
CREATE TABLE IF NOT EXISTS verdicts (
    intent_seq INTEGER PRIMARY KEY,
    rulebook_seq INTEGER NOT NULL,
    verdicts TEXT NOT NULL              -- JSON, in the order of the gates
);
CREATE TABLE IF NOT EXISTS orders (
    order_no INTEGER PRIMARY KEY,       -- the entry that accepted the intent times 1,048,576, plus child_no
    order_intent_id TEXT NOT NULL UNIQUE,
    client_order_id TEXT GENERATED ALWAYS AS ('fw' || replace(order_intent_id, '-', '')) VIRTUAL,
    intent_seq INTEGER GENERATED ALWAYS AS (order_no >> 20) VIRTUAL,
    seq INTEGER NOT NULL,               -- the entry that released it
    at_ns INTEGER NOT NULL,
    child_no INTEGER NOT NULL,
    plane TEXT NOT NULL,
    book TEXT NOT NULL,
    instrument TEXT NOT NULL,
    side TEXT NOT NULL,
    qty TEXT NOT NULL,
    order_type TEXT NOT NULL,
    limit_px TEXT,
    time_in_force TEXT NOT NULL,
    reduce_only INTEGER NOT NULL,
    post_only INTEGER NOT NULL,
    status TEXT NOT NULL,
    cum_qty TEXT NOT NULL,
    stranded INTEGER NOT NULL,          -- its fate is unknown and a person must look
    updated_seq INTEGER NOT NULL,
    route TEXT,                         -- the logical route
    broker TEXT                         -- the connection it went out on
);
CREATE TABLE IF NOT EXISTS fills (
    order_no INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at_ns INTEGER NOT NULL,
    exec_id TEXT,                       -- null on paper, and so are price, fee and transact_at_ns
    qty TEXT NOT NULL,
    last_px TEXT,
    fee TEXT,
    cum_qty TEXT NOT NULL,
    transact_at_ns INTEGER,
    px REAL,
    PRIMARY KEY (order_no, seq)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outcomes (
    order_no INTEGER PRIMARY KEY,
    execution_id TEXT NOT NULL UNIQUE,
    seq INTEGER NOT NULL,
    at_ns INTEGER NOT NULL,
    status TEXT NOT NULL,
    filled_qty TEXT NOT NULL,
    reason TEXT
);
-- Names a venue gave to reports, and the entries that speak of them.
CREATE TABLE IF NOT EXISTS exec_ids (
    exec_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    intent_seq INTEGER,                 -- null where the order was never ours
    PRIMARY KEY (exec_id, seq)
) WITHOUT ROWID;
-- Entries after the first that speak of an intent: reports, cancels, queries, repetitions.
CREATE TABLE IF NOT EXISTS mentions (
    intent_seq INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (intent_seq, seq)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS duplicates (
    seq INTEGER PRIMARY KEY,
    at_ns INTEGER NOT NULL,
    intent_id TEXT NOT NULL,
    first_seq INTEGER NOT NULL,
    kind TEXT NOT NULL,                 -- duplicate or conflict
    status TEXT                         -- of the first, where it had one by then
);
CREATE TABLE IF NOT EXISTS ignored_reports (
    seq INTEGER PRIMARY KEY,
    at_ns INTEGER NOT NULL,
    order_intent_id TEXT NOT NULL,
    exec_id TEXT NOT NULL,
    why TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS positions (
    plane TEXT NOT NULL,
    book TEXT NOT NULL,
    instrument TEXT NOT NULL,
    qty TEXT NOT NULL,
    seq INTEGER NOT NULL,               -- the entry that changed it last
    PRIMARY KEY (plane, book, instrument)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS admin (
    seq INTEGER NOT NULL,
    n INTEGER NOT NULL,                 -- an entry may hold several: an approval, and what it let happen
    at_ns INTEGER NOT NULL,
    what TEXT NOT NULL,
    by TEXT,
    reason TEXT NOT NULL,
    subject TEXT,                       -- the version, the run, the input that was refused
    PRIMARY KEY (seq, n)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counts (what TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
