//! How the rules of order flow differ in a script: `flow collar 5`, `flow movement 50 in 1000`, `flow no collar`.

use crate::generate::number;
use crate::scenario::instrument_named;
use fillwright_domain::{OrderType, Ratio, StrategyId, Text, VenueId};
use fillwright_policy::FlowPolicy;
use fillwright_policy::flow::{
    Bucket, DuplicateWindow, OnDuplicate, OrderTypeRule, Participation, Permissions, PriceCollar,
    Reference, RepeatThrottle, VenueHealthPolicy,
};

/// Makes one rule differ.
pub(crate) fn differ(flow: &mut FlowPolicy, edit: &[&str]) {
    match edit {
        ["no", rule] => forget(flow, rule),
        ["collar" | "movement", rest @ ..] => {
            differ_collar(flow.price_collar.get_or_insert_default(), rest);
        }
        ["twins", ms, rest @ ..] => {
            let action = if rest.is_empty() { OnDuplicate::Deny } else { OnDuplicate::Mark };
            flow.duplicate_window = Some(DuplicateWindow { window_ms: whole(ms), action });
        }
        ["restricted", instrument] => {
            let listed = flow.restricted.get_or_insert_default();
            listed.insert(instrument_named(instrument), Text::new("inside information"));
        }
        ["only", strategy, venue, instrument] => {
            let mut permissions = Permissions::default();
            permissions.grant(strategy, venue, instrument);
            flow.permissions = Some(permissions);
        }
        ["rate", of, burst, per_s, reserve] => differ_rate(flow, of, [burst, per_s, reserve]),
        ["repeats", most, "in", ms] => {
            let (max_executions, window_ms) = (whole(most), whole(ms));
            flow.repeat_throttle = Some(RepeatThrottle { max_executions, window_ms });
        }
        ["types", rest @ ..] => flow.order_types = Some(vec![order_type_rule(rest)]),
        ["slippage", bps] => flow.max_slippage_bps = Some(whole(bps)),
        ["participation", rate] => {
            let max_rate = Some(Ratio::new(number(rate)));
            flow.participation = Some(Participation { max_rate });
        }
        ["health", "told"] => {
            flow.venue_health = Some(VenueHealthPolicy { unknown_is_healthy: false });
        }
        _ => panic!("no such difference of the flow: {edit:?}"),
    }
}

fn whole(text: &str) -> u32 {
    text.parse().expect("a whole number")
}

fn differ_collar(collar: &mut PriceCollar, edit: &[&str]) {
    match edit {
        [bps] => collar.max_deviation_bps = whole(bps),
        [bps, "of", "mark", age_ms] => {
            collar.max_deviation_bps = whole(bps);
            collar.reference = Reference::Mark;
            collar.reference_age_max_ms = whole(age_ms);
        }
        [bps, "in", ms] => {
            collar.max_movement_bps = whole(bps);
            collar.window_ms = whole(ms);
        }
        _ => panic!("no such difference of the collar: {edit:?}"),
    }
}

fn differ_rate(flow: &mut FlowPolicy, of: &str, figures: [&str; 3]) {
    let [burst, per_s, reserve] = figures.map(whole);
    let rate = flow.message_rate.get_or_insert_default();
    let bucket = match of {
        "venue" => &mut rate.venue,
        "account" => &mut rate.account,
        "strategy" => &mut rate.strategy,
        _ => panic!("no bucket of {of}"),
    };
    *bucket = Bucket { burst, per_s, reserve };
}

/// `limit market at NASDAQ for trend in live`.
fn order_type_rule(words: &[&str]) -> OrderTypeRule {
    let after = |word: &str| {
        words.iter().position(|found| *found == word).map(|at| words[at + 1].to_owned())
    };
    let types = [("market", OrderType::Market), ("limit", OrderType::Limit)];
    let named = types.into_iter().filter(|(name, _)| words.contains(name));
    OrderTypeRule {
        environment: after("in").map(Text::new),
        venue: after("at").map(VenueId::new),
        strategy: after("for").map(StrategyId::new),
        order_types: named.map(|(_, order_type)| order_type).collect(),
    }
}

fn forget(flow: &mut FlowPolicy, rule: &str) {
    match rule {
        "collar" => flow.price_collar = None,
        "twins" => flow.duplicate_window = None,
        "restricted" => flow.restricted = None,
        "permissions" => flow.permissions = None,
        "rate" => flow.message_rate = None,
        "repeats" => flow.repeat_throttle = None,
        "types" => flow.order_types = None,
        "slippage" => flow.max_slippage_bps = None,
        "participation" => flow.participation = None,
        "health" => flow.venue_health = None,
        _ => panic!("no such rule of the flow: {rule}"),
    }
}
