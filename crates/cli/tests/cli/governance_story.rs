//! The story of issue and release in the command line alone: rules, a live canary session, a breach, an incident, a safe
//! mode, the way back, and a promotion on evidence. Every step says its exit code, what is printed, and what stands in
//! the journal; every refusal on the way is one of them.

use crate::builds::own_build;
use crate::stage::{Ran, Stage, copy_all, example};
use serde_json::{Value, json};
use std::fs;

/// A home for live: one book on the live stub, two lanes, and everything that takes a second person in live.
struct Live {
    stage: Stage,
    sent: u32,
}

const LANES: &str = r#"{
  "lanes": {
    "live_canary": {
      "enabled": true, "environment": "live", "capital_budget": "30000", "admits": ["uptrend-pm"],
      "model_min": "candidate"
    },
    "live_promoted": {
      "enabled": true, "environment": "live", "capital_budget": "2000000", "model_min": "candidate",
      "promotion": { "from": "live_canary", "ran_min_s": 0, "orders_min": 2, "failed_max_per_mille": 100 }
    }
  },
  "models": { "uptrend-pm": "candidate", "barbell-portfolio": "approved" }
}"#;

fn session(name: &str, book: &str) -> String {
    let session = json!({
        "session_id": name, "env": "live", "lane": "live_canary", "strategies": ["uptrend-pm"],
        "books": [book], "capital": "15000", "start_at": "2026-01-01T00:00:00Z",
        "review_at": "2098-01-01T00:00:00Z", "end_at": "2099-01-01T00:00:00Z"
    });
    session.to_string()
}

impl Live {
    fn home() -> Self {
        let stage = Stage::empty();
        copy_all(&example().join("config"), &stage.path("config"));
        copy_all(&example().join("data/registry"), &stage.path("data/registry"));
        let home = json!({
            "version": "live-1", "partition": "live", "environment": "live", "builds": [own_build()]
        });
        stage.write("config/fillwright.json", home.to_string());
        stage.write("config/lanes.json", LANES);
        stage.write("config/live_trading/session_canary.json", session("canary", "live-canary"));
        stage.write("config/live_trading/session_second.json", session("second", "uptrend-spot"));
        let mut live = Self { stage, sent: 0 };
        live.quote();
        live.stage.run(&["run", "--by", "risk-1"]).ok();
        live
    }

    /// What the market says this very moment.
    fn quote(&mut self) {
        let now = jiff::Timestamp::now();
        let quote = |instrument: &str, bid: &str, ask: &str| {
            let quote = json!({
                "instrument_id": instrument, "bid_px": bid, "ask_px": ask, "bid_qty": "100", "ask_qty": "100",
                "as_of": now.to_string()
            });
            format!("{quote}\n")
        };
        let eth = quote("BINANCE:ETHUSDT", "3210.50", "3210.60");
        self.stage.write(
            "data/market/quotes.ndjson",
            eth + &quote("BINANCE:BTCUSDT", "93500.10", "93500.20"),
        );
    }

    /// Sends an intent of the canary book; the status and the reason of what came of it.
    fn send(&mut self, action: &str, size: f64) -> (String, Value) {
        self.sent += 1;
        self.quote();
        let id = format!("story-{}", self.sent);
        let intent = json!({"intent_id": id, "intent": {
            "action": action, "size_frac": size, "urgency": "medium", "priority": 50, "max_slippage_bps": null,
            "reduce_only": false, "post_only": false, "reason_codes": [], "state": "S1", "prev_state": "S0",
            "a_final": 0.6, "e_final": 0.1, "position_id": "p-1", "token_contract": "ETHUSDT",
            "token_chain": "BINANCE", "book_id": "live-canary", "timeframe": "1h", "max_leverage": null,
            "risk_reason": null
        }});
        let line = format!("{intent}\n");
        let ran = self
            .stage
            .feed(&["run", "--by", "risk-1", "--intents", "-", "--json"], line.as_bytes())
            .ok();
        let answer: Value =
            serde_json::from_str(ran.out.lines().next().expect("an answer")).expect("JSON");
        let story = self.stage.json(&["explain", &id]);
        (answer["status"].as_str().expect("a status").to_owned(), story["ended_because"].clone())
    }

    fn ask(&self, words: &[&str], by: &str) -> Ran {
        self.stage.run(&[words, &["--by", by, "--reason", "the story"]].concat())
    }

    /// Does it, and says so.
    fn done(&self, words: &[&str], by: &str, says: &str) {
        let ran = self.ask(words, by);
        assert_eq!(ran.code, 0, "{words:?} by {by}: {}{}", ran.out, ran.err);
        assert!(ran.out.contains(says), "{words:?} by {by} says: {}", ran.out);
        assert!(!ran.err.contains("read model"), "{}", ran.err);
    }

    /// Refuses it, says why, and leaves no more behind than the refusal.
    fn refused(&self, words: &[&str], by: &str, why: &str) {
        let before = self.events();
        let ran = self.ask(words, by);
        assert_eq!(ran.code, 1, "{words:?} by {by}: {}{}", ran.out, ran.err);
        assert!(ran.out.contains(why), "{words:?} by {by} says: {}", ran.out);
        let after = self.events();
        let count = |events: &Value, name: &str| events[name].as_u64().unwrap_or_default();
        assert_eq!(
            count(&after, "input_refused"),
            count(&before, "input_refused") + 1,
            "{words:?}"
        );
        for name in ["rulebook_adopted", "restraint_lifted", "kill_switch_released"] {
            assert_eq!(count(&after, name), count(&before, name), "{words:?}: {name}");
        }
    }

    /// How often each event stands in the journal.
    fn events(&self) -> Value {
        self.stage.json(&["journal", "stat"])["events"].clone()
    }

    fn count(&self, event: &str) -> u64 {
        self.events()[event].as_u64().unwrap_or_default()
    }

    /// The one request that waits.
    fn request(&self) -> String {
        self.stage.run(&["requests", "--ids"]).ok().out.trim().to_owned()
    }

    /// Asks for approval of a change, shows that nobody gives it to themselves, and has it.
    fn approval(&self, change: &[&str]) -> String {
        let asked = [change, &["--request", "--evidence", "report-7"]].concat();
        self.done(&asked, "ops-1", "it needs the approval of risk");
        let request = self.request();
        self.refused(&["approve", &request], "ops-1", "nobody approves what they proposed");
        self.done(&["approve", &request], "risk-1", "it may be used once");
        request
    }

    fn sessions(&self) -> Value {
        self.stage.json(&["session", "list"])["sessions"].clone()
    }

    fn restraints(&self) -> Vec<String> {
        let status = self.stage.json(&["status"]);
        let restraints = status["restraints"].as_array().expect("a list").iter();
        restraints.map(|one| format!("{} {}", one["kind"], one["scope"]).replace('"', "")).collect()
    }
}

#[test]
fn a_person_governs_a_live_canary_from_its_rules_to_its_promotion_in_the_command_line_alone() {
    let mut live = Live::home();
    let began = jiff::Timestamp::now();
    rules_by_two_people(&live);
    canary_with_an_approval(&mut live);
    breach_and_incident(&mut live);
    safe_mode_and_back(&mut live);
    promotion_on_evidence(&mut live);
    everything_is_in_the_evidence(&live, began);
}

fn rules_by_two_people(live: &Live) {
    let path = "config/policies/incident_rules.json";
    let rules = fs::read_to_string(live.stage.path(path)).expect("rules");
    live.stage.write(path, rules.replace("\"hits\": 10,", "\"hits\": 3, \"cooldown_s\": 900,"));
    let run = live.stage.run(&["run", "--by", "risk-1"]);
    assert_eq!(run.code, 3, "live does not start beside other documents: {}", run.err);
    live.done(&["policy", "adopt", "--evidence", "TCA-7"], "risk-1", "waits for a second person");
    assert_eq!(live.count("rulebook_adopted"), 1, "what waits is not in force");
    let waits = live.request();
    live.refused(&["approve", &waits], "risk-1", "it takes a role that the person does not hold");
    live.done(&["approve", &waits], "risk-2", "is in force");
    assert_eq!(live.count("rulebook_adopted"), 2);
    live.stage.run(&["run", "--by", "risk-1"]).ok();
}

fn canary_with_an_approval(live: &mut Live) {
    let denied = live.send("add", 0.05);
    assert_eq!(denied, ("skipped".into(), json!("no running session has the book")));
    let document = "config/live_trading/session_canary.json";
    live.done(&["session", "schedule", document], "ops-1", "is scheduled in live_canary");
    let start = ["session", "start", "canary"];
    live.refused(&start, "ops-1", "it takes an approval");
    let request = live.approval(&start);
    live.done(&[&start[..], &["--approval", &request]].concat(), "ops-1", "is running now");
    live.refused(&[&start[..], &["--approval", &request]].concat(), "ops-1", "nothing was changed");
    assert_eq!(live.sessions()[0]["status"], "running");
    for _ in 0..2 {
        assert_eq!(live.send("add", 0.05).0, "success");
    }
    assert_eq!((live.count("order_emitted"), live.count("outcome_recorded")), (2, 2));
    assert_eq!(live.sessions()[0]["ended"], 2);
}

fn breach_and_incident(live: &mut Live) {
    for _ in 0..3 {
        let (status, why) = live.send("add", 0.9);
        assert_eq!(
            (status.as_str(), &why),
            ("skipped", &json!("the order is worth more than one order may be"))
        );
    }
    let open = live.stage.json(&["incident", "list"]);
    let incident = &open["incidents"][0];
    assert_eq!(open["incidents"].as_array().map(Vec::len), Some(1), "{open}");
    assert_eq!(incident["origin"], "rule:risk_breaches");
    assert_eq!((&incident["severity"], &incident["hits"]), (&json!("high"), &json!(3)));
    assert_eq!(live.restraints(), ["cooldown strategy:uptrend-pm"]);
    assert_eq!(live.send("add", 0.05), ("skipped".into(), json!("a cooldown holds new risk back")));
    let document = "config/live_trading/session_second.json";
    live.done(&["session", "schedule", document], "ops-1", "is scheduled in live_canary");
    let start = ["session", "start", "second"];
    let request = live.approval(&start);
    let start = [&start[..], &["--approval", &request]].concat();
    live.refused(&start, "ops-1", "a serious incident is open that nobody has acknowledged");
    let incident = incident["incident_id"].as_str().expect("a name");
    live.done(&["incident", "ack", incident], "risk-1", "acknowledged by risk-1");
    live.done(&start, "ops-1", "session second was scheduled and is running now");
    live.done(&["session", "suspend", "second"], "ops-1", "is suspended now");
}

fn safe_mode_and_back(live: &mut Live) {
    let before = live.count("restraint_imposed");
    let preview = live.stage.run(&["safe-mode", "preview", "reduce_everything"]).ok();
    assert!(preview.out.contains("nothing was changed"), "{}", preview.out);
    assert_eq!(live.count("restraint_imposed"), before);
    live.done(
        &["safe-mode", "apply", "reduce_everything"],
        "ops-1",
        "reduce only holds for trading",
    );
    assert_eq!(live.restraints(), ["cooldown strategy:uptrend-pm", "reduce_only global"]);
    let incident = live.stage.run(&["incident", "list", "--ids"]).ok().out.trim().to_owned();
    live.refused(&["incident", "close", &incident], "risk-1", "a second, different person");
    live.done(&["incident", "close", &incident], "risk-2", "closed by risk-2: the story");
    let cooldown = ["cooldown", "end", "--scope", "strategy:uptrend-pm"];
    for lift in [&["safe-mode", "leave", "reduce_everything"][..], &cooldown] {
        live.done(lift, "ops-1", "until a second, different person asks too");
        live.refused(lift, "ops-1", "a second, different person");
        live.done(lift, "risk-1", "is lifted; risk-1 was the second to ask");
    }
    assert_eq!((live.restraints(), live.count("restraint_lifted")), (Vec::new(), 2));
}

fn promotion_on_evidence(live: &mut Live) {
    let from = jiff::Timestamp::now().to_string();
    for action in ["add", "add", "trim"] {
        assert_eq!(live.send(action, 0.05).0, "success");
    }
    let path = "config/policies/execution_metrics_spec.json";
    let spec = fs::read_to_string(live.stage.path(path)).expect("thresholds");
    live.stage.write(path, spec.replace("\"orders_min\": 100", "\"orders_min\": 3"));
    let period = ["--from", &from, "--to", "2098-01-01T00:00:00Z"];
    let assessed = live.stage.json(&[&["assess"][..], &period].concat());
    let recommended = &assessed["recommendations"][0];
    assert_eq!(recommended["kind"], "promote", "{assessed}");
    assert_eq!(recommended["subject"]["strategy"]["strategy_id"], "uptrend-pm");
    let promote = ["promote", "uptrend-pm", "--from", "live_canary", "--to", "live_promoted"];
    live.refused(&promote, "ops-1", "it takes an approval");
    let request = live.approval(&promote);
    let promote = [&promote[..], &["--approval", &request]].concat();
    live.done(&promote, "ops-1", "uptrend-pm is promoted from live_canary to live_promoted");
    assert_eq!(live.count("deployment"), 3, "measured twice, and promoted once");
    assert_eq!(
        live.send("add", 0.05),
        ("skipped".into(), json!("the lane does not admit the strategy"))
    );
}

fn everything_is_in_the_evidence(live: &Live, began: jiff::Timestamp) {
    let out = live.stage.path("evidence");
    let out = out.to_str().expect("a path");
    let period = ["--from", &began.to_string(), "--to", "2098-01-01T00:00:00Z", "--out", out];
    live.stage.run(&[&["evidence"][..], &period].concat()).ok();
    let read = |name: &str| -> Vec<Value> {
        let bytes = fs::read(live.stage.path("evidence").join(name)).expect("a file of the pack");
        serde_json::from_slice::<Value>(&bytes).expect("JSON").as_array().expect("a list").clone()
    };
    let changes: Vec<String> = read("changes.json")
        .iter()
        .map(|line| {
            format!("{} {} {}", line["input"], line["by"], line["outcome"]).replace('"', "")
        })
        .collect();
    for wanted in [
        "policy.propose risk-1 done",
        "policy.approve risk-1 refused",
        "policy.approve risk-2 done",
        "session.schedule ops-1 done",
        "session.move ops-1 refused",
        "session.move ops-1 done",
        "approval.approve ops-1 refused",
        "approval.approve risk-1 done",
        "incident.acknowledge risk-1 done",
        "incident.close risk-1 refused",
        "incident.close risk-2 done",
        "restrain ops-1 done",
        "lift_restraint ops-1 refused",
        "lift_restraint risk-1 done",
        "deployment.promote ops-1 refused",
        "deployment.promote ops-1 done",
    ] {
        assert!(changes.iter().any(|line| line == wanted), "{wanted} is missing: {changes:#?}");
    }
    let incidents = read("incidents.json");
    assert_eq!(incidents.len(), 1);
    assert_eq!(incidents[0]["root_cause"], "the story");
    let reasons: Vec<Value> =
        read("blocks.json").iter().map(|block| block["verdict"]["reason"].clone()).collect();
    for wanted in ["session_missing", "notional_above_cap", "cooling_down", "strategy_not_admitted"]
    {
        assert!(reasons.contains(&json!(wanted)), "{wanted} is missing: {reasons:?}");
    }
    assert!(read("approvals.json").len() >= 8);
    assert_eq!(read("limits.json").len(), 2, "the rules before and behind the adoption");
    live.stage.run(&["verify", "--redecide"]).ok();
    let warned = live.stage.run(&["status"]).ok();
    assert_eq!(warned.err, "");
}
