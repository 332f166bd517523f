//! Flows that start each other.

use std::collections::BTreeSet;

use openhexa_bridge::domain::flow::document::{StartedBy, check_triggers};

use super::{french, parsed, shown, with};

fn others(flows: &[(&str, &[&str])]) -> StartedBy {
    let one = |(flow, starters): &(&str, &[&str])| {
        let starters: BTreeSet<String> = starters.iter().map(|one| (*one).to_owned()).collect();
        ((*flow).to_owned(), starters)
    };
    flows.iter().map(one).collect()
}

#[test]
fn two_flows_that_would_start_each_other_are_refused() {
    let flow = parsed(&with("triggers: [{id: t, flow: other}]")).flow;
    let faults = check_triggers(&flow, &others(&[("other", &["nightly"])]));
    assert_eq!(
        shown(&faults),
        [
            "line 3, column 26: These flows would start each other without end: nightly → other → nightly"
        ]
    );
    assert_eq!(
        french(&faults[0].message()),
        "Ces flux se lanceraient les uns les autres sans fin : nightly → other → nightly"
    );
}

#[test]
fn a_longer_cycle_is_named_in_the_order_in_which_flows_start() {
    let flow = parsed(&with("triggers: [{id: t, flow: c}]")).flow;
    let all = others(&[
        ("a", &["nightly"]),
        ("b", &["a", "x"]),
        ("c", &["b"]),
        ("x", &["x"]),
        ("nightly", &["gone"]),
    ]);
    assert_eq!(
        shown(&check_triggers(&flow, &all)),
        [
            "line 3, column 26: These flows would start each other without end: nightly → a → b → c → nightly"
        ]
    );
}

#[test]
fn an_unknown_flow_is_refused() {
    let flow = parsed(&with(
        "triggers: [{id: t, flow: dayly}, {id: u, flow: unlike}]",
    ))
    .flow;
    let faults = check_triggers(&flow, &others(&[("daily", &[]), ("nightly", &[])]));
    assert_eq!(
        shown(&faults),
        [
            "line 3, column 26: There is no flow `dayly`; did you mean `daily`?",
            "line 3, column 48: There is no flow `unlike`"
        ]
    );
    assert_eq!(
        french(&faults[0].message()),
        "Le flux `dayly` n’existe pas ; vouliez-vous dire `daily` ?"
    );
    assert_eq!(
        french(&faults[1].message()),
        "Le flux `unlike` n’existe pas"
    );
}

#[test]
fn a_chain_of_flows_is_accepted() {
    let flow = parsed(&with("triggers: [{id: t, flow: b}, {id: f, file: a.csv}]")).flow;
    assert_eq!(
        check_triggers(&flow, &others(&[("a", &[]), ("b", &["a"])])),
        []
    );
}
