//! A small market: one venue around the clock, one book on each plane, and intents to trade in it.
#![allow(dead_code, reason = "each suite uses a part")]

use fillwright_domain::{
    ActionType, Ask, ExecutionIntent, Intent, IntentId, NumberText, Origin, Plane, Quote, Ratio,
    Text, Timestamp, Urgency,
};
use fillwright_engine::{Recovered, Sequencer, recover};
use fillwright_journal::{JournalOptions, MemoryStorage, Preparation};
use fillwright_kernel::Input;
use fillwright_policy::{Documents, FlowPolicy, Rulebook, compile};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub const NOW: Timestamp = Timestamp::from_ns(1_767_711_600_000_000_000);

pub fn rulebook() -> Rulebook {
    let book = |plane| {
        format!(
            r#"{{"enabled":true,"strategy_id":"s","equity":"100000","allocation":"10000","source_run":"r",
                "executors":{{"SIM":"{plane}"}}}}"#
        )
    };
    let document = |text: &str| ("test".to_owned(), text.as_bytes().to_vec());
    compile(&Documents {
        home: document(r#"{"version":"1","partition":"main","environment":"paper","sessions_required":false}"#),
        venues: document(r#"{"venues":{"SIM":{"enabled":true,"calendar":"always"}}}"#),
        venue_limits: document(
            "symbol,venue,lot_size,min_notional,step_size,tick_size,maker_fee,taker_fee,contract_size,updated_at\n\
             ABC,SIM,1,1,1,0.01,0,0,1,2026-01-06\n",
        ),
        strategies: document(r#"{"strategies":{"s":{"enabled":true,"owner":"desk","description":"test"}}}"#),
        books: document(&format!(
            r#"{{"books":{{"paper":{},"stub":{}}}}}"#,
            book(Plane::Paper.as_str()),
            book(Plane::LiveStub.as_str())
        )),
        groups: document(r#"{"instruments":{}}"#),
        people: document(
            r#"{"people":{"ops":{"roles":["risk"],"enabled":true},"ops-2":{"roles":["trader"],"enabled":true}}}"#,
        ),
        risk_envelope: document(
            r#"{"firm":{"max_order_qty":"1000","max_order_notional":"50000","max_position":"100000",
                "max_leverage":"100","max_asset_exposure":"100","max_gross_exposure":"10000000",
                "max_net_exposure":"10000000","max_open_orders":1000000},
                "every_sector":{"max_exposure":"10000000"},"every_cluster":{"max_exposure":"10000000"}}"#,
        ),
        incident_rules: None,
        execution_policies: document(&execution_policies()),
        operator_bounds: None,
        decision_tables: None,
        lanes: None,
        approvals: None,
        regime: Some(document(r#"{"regime_parity":{"age_max_s":60,"unknown":"allow"}}"#)),
        route_profiles: Some(document(
            r#"{"selection":[{"route_id":"any"}],
                "profiles":{"any":{"description":"every order","order_types":["limit","market"]}}}"#,
        )),
        execution_routes: Some(document(r#"{"routes":{"any":[{"broker":"paper"}]}}"#)),
        execution_routes_live: None,
        brokers: BTreeSet::new(),
        reconciliation: None,
        calendars: BTreeMap::from([(
            "always".into(),
            document(r#"{"source":"test","zone":"UTC","valid_from":"2026-01-01","valid_through":"2026-12-31","always":true}"#),
        )]),
    })
    .expect("documents that fit together")
}

fn execution_policies() -> String {
    let flow = serde_json::to_string(&FlowPolicy::wide()).expect("a policy is JSON");
    format!(
        r#"{{"quote_age_max_ms":1000,"mark_age_max_ms":1000,"minimum_trade_weight":"0.01","flow":{flow}}}"#
    )
}

pub fn opening() -> [Input; 2] {
    [
        Input::AdoptRulebook {
            rulebook: Box::new(rulebook()),
            by: "ops".into(),
            reason: "start".into(),
        },
        Input::RegisterRun {
            run_id: "r".into(),
            manifest_hash: "00".into(),
            by: "ops".into(),
            reason: "start".into(),
        },
    ]
}

pub fn quote() -> Quote {
    let px = |text: &str| text.parse().expect("a price");
    Quote {
        bid_px: px("99.99"),
        ask_px: px("100"),
        bid_qty: None,
        ask_qty: None,
        last_px: None,
        interval_qty: None,
        as_of: NOW,
    }
}

/// An intent to add ten units (a tenth of the allocation at 100) to a book.
pub fn intent(id: &str, book: &str) -> Intent {
    Intent {
        intent_id: IntentId::new(id),
        strategy_id: None,
        book_id: book.into(),
        instrument_id: "SIM:ABC".into(),
        source_run: None,
        ask: Ask::Execution(Box::new(ExecutionIntent {
            action: ActionType::Add,
            size_frac: "0.1".parse::<Ratio>().expect("a fraction"),
            urgency: Urgency::Medium,
            priority: 50,
            max_slippage_bps: None,
            reduce_only: false,
            post_only: false,
            reason_codes: Vec::new(),
            state: Text::new("S2"),
            prev_state: Text::new("S1"),
            a_final: NumberText::default(),
            e_final: NumberText::default(),
            position_id: "p".into(),
            token_contract: Text::new("ABC"),
            token_chain: Text::new("sim"),
            book_id: book.into(),
            timeframe: Text::new("1h"),
            max_leverage: None,
            risk_reason: None,
        })),
        input_truncated: false,
        origin: Origin::default(),
    }
}

pub fn submit(id: &str, book: &str) -> Input {
    Input::submit(intent(id, book), Some(quote()))
}

pub fn options() -> JournalOptions {
    JournalOptions {
        segment_bytes: 64 << 10,
        preparation: Preparation::Inline,
        signing_seed: Some([7; 32]),
        ..JournalOptions::new("main")
    }
}

pub fn open(storage: &MemoryStorage) -> (Sequencer, Recovered) {
    recover(Arc::new(storage.clone()), &options(), NOW).expect("a journal that opens")
}

/// A sequencer with the rules in force.
pub fn started(storage: &MemoryStorage) -> Sequencer {
    let (mut sequencer, _) = open(storage);
    for input in opening() {
        sequencer.take(NOW, &input).expect("taken");
    }
    sequencer.settle().expect("settled");
    sequencer
}
