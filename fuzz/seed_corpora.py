"""Writes the seed corpora of the intake targets: each valid shape and each kind of bad input, one small file each.

Run it from anywhere: `python3 fuzz/seed_corpora.py`. The same files come out every time. Files that others added to a
corpus are left alone.
"""

import hashlib
import json
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"


def write(target, seeds):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in seeds.items():
        content = text if isinstance(text, bytes) else text.encode()
        (folder / name).write_bytes(content)


INTENT = {
    "action": "add", "size_frac": 0.5, "urgency": "medium", "priority": 50, "max_slippage_bps": None,
    "reduce_only": False, "post_only": False, "reason_codes": ["buy_flag", "s2_dip"], "state": "S2", "prev_state": "S1",
    "a_final": 0.7300000000000001, "e_final": 1e-05, "position_id": "p-17", "token_contract": "BTCUSDT",
    "token_chain": "binance", "book_id": "momentum", "timeframe": "4h", "max_leverage": None, "risk_reason": None,
}
OPTIONAL = ["max_slippage_bps", "reduce_only", "post_only", "reason_codes", "prev_state", "max_leverage", "risk_reason"]
DIGITS_40 = "0.1234567890123456789012345678901234567891"


def intent(**changes):
    return json.dumps({**INTENT, **changes}) + "\n"


def raw(field, text):
    """The line with one field's value replaced by any text."""
    return intent(**{field: "@"}).replace('"@"', text)


def without(*fields):
    return json.dumps({name: value for name, value in INTENT.items() if name not in fields}) + "\n"


def envelope(**fields):
    return json.dumps({"intent_id": "I-1", **fields, "intent": INTENT}) + "\n"


def ndjson():
    good = intent()
    return {
        "bare": good,
        "bare_required_only": without(*OPTIONAL),
        "bare_all_set": intent(max_slippage_bps=25, reduce_only=True, post_only=True, max_leverage=3, risk_reason="cap"),
        "every_action": "".join(intent(action=a) for a in ("hold", "add", "trim", "exit", "reclaim", "emergency_exit")),
        "envelope": envelope(strategy_id="trend", source_run="20260106-prod-q1"),
        "envelope_id_only": envelope(),
        "envelope_without_id": json.dumps({"intent": INTENT}) + "\n",
        "blank_lines": "\n \t\n" + good + "\r\n",
        "escapes": raw("state", r'"\ud83d\ude00 \u00e9 \" \\ \/ \n"'),
        "lone_surrogate": raw("state", r'"\ud800"'),
        "truncated_decimals": raw("size_frac", "1.2345678901234567e-05"),
        "nan": raw("size_frac", "NaN") + good,
        "infinity": raw("a_final", "-Infinity") + good,
        "digits_40": raw("size_frac", DIGITS_40) + raw("e_final", DIGITS_40),
        "negative_size": raw("size_frac", "-0.5") + raw("size_frac", "-1e-30"),
        "unknown_field": good.replace("size_frac", "size_fraction"),
        "unknown_word": intent(action="buy") + intent(urgency="now"),
        "missing_field": without("state") + good,
        "wrong_type": intent(size_frac="0.5") + raw("priority", "50.0") + "[]\n7\n",
        "deep_nesting": raw("reason_codes", "[" * 40 + "]" * 40) + good,
        "long_string": raw("state", '"' + "x" * 5000 + '"') + good,
        "broken_utf8": good.encode().replace(b"S2", b"\xff\xfe") + good.encode(),
        "truncated_file": good + good[:200],
        "duplicate_field": good.replace('"priority": 50', '"priority": 50, "priority": 51'),
        "empty_id": intent(book_id=""),
        "control_character": intent(position_id="p\u0000"),
        "not_json": "{'action': 'add'}\n",
        "byte_order_mark": "\ufeff" + good,
        "empty": "",
    }


def asset(symbol="BINANCE:BTCUSDT", weight=0.25, **more):
    return {"Symbol": symbol, "Weight": weight, "Market": "crypto", "Description": "Bitcoin", "Cluster_ID": 3, **more}


META = {"generated_at": "2026-01-06T10:00:00.123456", "source_run_id": "20260106-prod-q1", "cluster_cap": 0.25}


def winner(*assets, **changes):
    return {"rank": 1, "profile": "barbell", "engine": "riskfolio", "regime": {"name": "NORMAL", "score": 0.42},
            "assets": list(assets), "metadata": META, **changes}


def portfolio():
    def winners(*of):
        return json.dumps({"winners": list(of)})
    good = winners(winner(asset(), asset("NASDAQ:AAPL", 0.1, Direction="SHORT", Source_Run="r-2", Regime="CRISIS")))
    nan = float("nan")
    return {
        "winners": good,
        "winners_pretty": json.dumps(json.loads(good), indent=2),
        "winners_two": winners(winner(asset()), winner(asset(weight=-0.5), rank=2)),
        "profiles": json.dumps({"profiles": {"barbell": {"assets": [asset()]}, "hrp": {"regime": "QUIET", "assets": []}}}),
        "single_root": json.dumps({"profile": "hrp", "engine": "x", "regime": None, "assets": [asset()], "metadata": META}),
        "single_root_nameless": json.dumps({"assets": [asset()]}),
        "nan_weight": winners(winner(asset(), asset("BINANCE:ETHUSDT", nan), asset("BINANCE:ADAUSDT", 0.1))),
        "infinite_weight": winners(winner(asset("BINANCE:ETHUSDT", float("-inf")))),
        "nan_symbol": winners(winner(asset(nan), asset())),
        "nan_in_ignored_column": winners(winner(asset(Net_Weight=nan))),
        "digits_40": good.replace("0.25,", DIGITS_40 + ",", 1),
        "negative_long": winners(winner(asset(weight=-0.1, Direction="LONG"))),
        "repeated_symbol": winners(winner(asset(), asset(weight=0.3))),
        "repeated_book": winners(winner(asset()), winner(asset())),
        "unknown_regime": winners(winner(asset(), regime={"name": "PANIC"})),
        "unknown_direction": winners(winner(asset(Direction="UP"))),
        "missing_rank": json.dumps({"winners": [{"engine": "e", "profile": "p", "assets": []}]}),
        "missing_weight": winners(winner({"Symbol": "BINANCE:BTCUSDT"})),
        "wrong_type": winners(winner(asset(weight="0.25"), 7, None)),
        "wrong_shape": "[]",
        "deep_nesting": '{"assets": ' + "[" * 40 + "]" * 40 + "}",
        "long_string": winners(winner(asset(Description="x" * 5000))),
        "broken_utf8": good.encode().replace(b"Bitcoin", b"Bit\xffcoin"),
        "half_written": good[: len(good) // 2],
        "extreme_weights": winners(winner(asset(), asset("BINANCE:X", 0))).replace('"Weight": 0,', '"Weight": -1.7e20,'),
        "duplicate_key": '{"assets": [], "assets": []}',
        "empty": "",
    }


def actual():
    def state(*assets, book="Rank1_riskfolio_barbell"):
        return json.dumps({book: {"assets": list(assets), "updated_at": "2026-01-06T09:00:00"}})
    good = state(asset(), asset("BINANCE:ETHUSDT.P", 0.1, Direction="SHORT"))
    return {
        "one_book": good,
        "two_books": json.dumps({"a": {"assets": [asset()]}, "b": {"assets": []}}),
        "no_books": "{}",
        "pretty": json.dumps(json.loads(good), indent=2),
        "nan_weight": state(asset(weight=float("nan"))),
        "infinite_weight": state(asset(weight=float("inf"))),
        "digits_40": good.replace("0.25", DIGITS_40),
        "repeated_symbol": state(asset(), asset()),
        "symbol_without_venue": state(asset("BTCUSDT")),
        "missing_assets": '{"a": {"updated_at": "x"}}',
        "wrong_type": '{"a": {"assets": [1]}}',
        "wrong_shape": "[]",
        "empty_name": state(book=""),
        "deep_nesting": '{"a": ' * 40,
        "broken_utf8": good.encode().replace(b"Bitcoin", b"\xc3("),
        "half_written": good[:60],
        "empty": "",
    }


def drift():
    header = "Profile,Symbol,Action,Size,Target_Weight,Market,Description\n"
    good = "barbell,BINANCE:BTCUSDT,BUY,0.05,0.25,crypto,Bitcoin\n"
    return {
        "rows": header + good + "barbell,NASDAQ:AAPL,SELL,1e-05,-0.1,stocks,\n",
        "quoted": header + 'barbell,BINANCE:BTCUSDT,BUY,0.05,0.25,crypto,"Bitcoin, ""spot"""\r\n',
        "with_run": header.replace("Description", "Description,Source_Run") + good.replace("Bitcoin", "d,run-7") + good,
        "other_order": "Symbol,Profile,Size,Action,Target_Weight,Description,Market\nBINANCE:A,b,0.1,BUY,0.1,d,m\n",
        "byte_order_mark": "\ufeff" + header + good,
        "blank_lines": "\n" + header + "\n" + good + "\n",
        "dust": header + good.replace("0.05", "0.0000001"),
        "nan": header + good.replace("0.05", "nan") + good,
        "infinity": header + good.replace("0.25", "-inf") + good,
        "digits_40": header + good.replace("0.05", DIGITS_40),
        "negative_size": header + good.replace("0.05", "-0.05"),
        "unknown_column": header.replace("Market", "Markt") + good,
        "unknown_action": header + good.replace("BUY", "HOLD"),
        "missing_column": header.replace(",Market", "") + good,
        "repeated_column": header.replace("Market", "Symbol") + good,
        "wrong_cell_count": header + "a,b\n" + good.strip() + ",more\n" + good,
        "open_quote": header + good.replace("Bitcoin", '"Bitcoin') + good,
        "long_cell": header + good.replace("Bitcoin", "x" * 5000) + good,
        "broken_utf8": (header + good).encode().replace(b"Bitcoin", b"caf\xe9"),
        "truncated_file": header + good[:20],
        "no_header": good,
        "empty": "",
    }


HASH = hashlib.sha256(b"manifest").hexdigest()


def registry():
    run = {"run_id": "20260106-prod-q1", "manifest_hash": HASH}
    good = json.dumps({"runs": [run, {**run, "run_id": "r-2"}]})
    return {
        "two_runs": good,
        "no_runs": '{"runs": []}',
        "pretty": json.dumps(json.loads(good), indent=2),
        "repeated_run": json.dumps({"runs": [run, run]}),
        "unknown_field": json.dumps({"runs": [run], "version": 1}),
        "unknown_run_field": json.dumps({"runs": [{**run, "author": "x"}]}),
        "missing_hash": '{"runs": [{"run_id": "r"}]}',
        "short_hash": good.replace(HASH, HASH[:-1]),
        "upper_hash": good.replace(HASH, HASH.upper()),
        "wrong_type": '{"runs": {"run_id": 7}}',
        "nan": '{"runs": [{"run_id": NaN, "manifest_hash": ""}]}',
        "deep_nesting": '{"runs": ' + "[" * 40,
        "long_string": good.replace("r-2", "x" * 5000),
        "broken_utf8": good.encode().replace(b"r-2", b"\xff"),
        "half_written": good[:50],
        "empty": "",
    }


def chain(*records, **style):
    """The rule of the ledger upstream, in full."""
    lines, prev_hash = [], "0" * 64
    for record in records:
        record = {"ts": "2026-01-06T10:00:00+00:00", "prev_hash": prev_hash, **record}
        record["hash"] = hashlib.sha256(json.dumps(record, sort_keys=True, **style).encode()).hexdigest()
        prev_hash = record["hash"]
        lines.append(json.dumps(record, sort_keys=True, **style) + "\n")
    return "".join(lines)


def ledger():
    genesis = {"type": "genesis", "run_id": "20260106-prod-q1", "profile": "barbell", "manifest_hash": HASH, "git_hash": "abc"}
    step = {"type": "intent", "step": "optimise", "params": {"covariance": "shrunk", "cap": 0.25, "seeds": [1, 2]}, "input_hashes": {}}
    outcome = {"type": "outcome", "step": "optimise", "status": "success", "output_hashes": {"w": HASH},
               "metrics": {"sharpe": 1.4000000000000001, "tiny": 1e-07, "big": 1e+22}}
    good = chain(genesis, step, outcome)
    lines = good.splitlines(keepends=True)
    return {
        "genesis_intent_outcome": good,
        "compact": chain(genesis, step, separators=(",", ":")),
        "characters": chain(genesis, {"type": "intent", "step": "é 😀 \u007f \u2028 \" \\ \n\t\b\f\r\u0001", "é": 1, "e": 2, "z": 3}),
        "nan_metric": chain(genesis, {"metrics": {"sharpe": float("nan"), "worst": float("-inf")}}),
        "two_runs": chain(genesis, {**genesis, "run_id": "r-2"}),
        "blank_line": lines[0] + "\n" + lines[1],
        "altered": good.replace("shrunk", "shrank"),
        "record_missing": lines[0] + lines[2],
        "records_swapped": lines[0] + lines[2] + lines[1],
        "start_missing": lines[1] + lines[2],
        "repeated_record": lines[0] + lines[0],
        "genesis_without_run": chain({"type": "genesis"}),
        "wrong_type": '{"prev_hash": 7, "hash": 8}\n[]\n',
        "deep_nesting": '{"a": ' * 40,
        "broken_utf8": good.encode().replace(b"shrunk", b"\xff"),
        "truncated_file": good[:-40],
        "empty": "",
    }


def quotes():
    fields = {"instrument_id": "BINANCE:BTCUSDT", "bid_px": "43000.1", "ask_px": "43000.2", "as_of": "2026-01-06T10:00:00Z"}

    def quote(**changes):
        return json.dumps({**fields, **changes}) + "\n"
    good = quote()
    return {
        "strings": good,
        "numbers": quote(bid_px=43000.1, ask_px=43000.2, bid_qty=0.5, ask_qty=1e-07, last_px=43000, interval_qty=None),
        "eighteen_decimals": quote(bid_px="0.000000000000000001"),
        "offset": quote(as_of="2026-01-06T12:00:00.123456789+02:00"),
        "nan": quote(bid_px=float("nan")) + good,
        "infinity": quote(ask_px=float("inf")) + good,
        "nan_string": quote(bid_px="NaN"),
        "digits_40": quote(bid_px=DIGITS_40) + good.replace('"43000.1"', DIGITS_40),
        "nineteen_decimals": quote(bid_px=1e-19) + quote(bid_px="0.0000000000000000001"),
        "negative": quote(bid_px=-1) + quote(bid_qty="-1"),
        "unknown_field": quote(venue="x"),
        "missing_field": good.replace('"bid_px": "43000.1", ', ""),
        "wrong_type": quote(bid_px=True) + quote(as_of=1767693600) + "[]\n",
        "no_zone": quote(as_of="2026-01-06T10:00:00"),
        "far_future": quote(as_of="2300-01-01T00:00:00Z"),
        "symbol_without_venue": quote(instrument_id="BTCUSDT"),
        "deep_nesting": "[" * 40 + "\n" + good,
        "broken_utf8": good.encode().replace(b"BINANCE", b"\xff"),
        "truncated_file": good + good[:50],
        "empty": "",
    }


for seeds in (ndjson, portfolio, actual, drift, registry, ledger, quotes):
    write(seeds.__name__, seeds())
