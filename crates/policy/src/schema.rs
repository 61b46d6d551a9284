//! JSON Schemas of the documents under `config/`, generated from the types that read them.

use crate::calendar::CalendarDocument;
use crate::documents::{
    ApprovalsDocument, BooksDocument, ExecutionPoliciesDocument, GroupsDocument, HomeDocument,
    LanesDocument, PeopleDocument, RegimeDocument, RiskEnvelopeDocument, StrategiesDocument,
    VenuesDocument,
};
use crate::execution_metrics::ExecutionMetricsSpec;
use crate::route::{ExecutionRoutes, RouteProfiles};
use crate::safe_mode::SafeModesDocument;
use crate::surveillance::SurveillancePolicy;
use crate::{
    DecisionTable, IncidentRules, OperatorBounds, ReconciliationPolicy, SessionDefinition,
};
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

/// A kind of document: what it is called, where it lies, and what it may say.
#[derive(Debug, Clone, PartialEq)]
pub struct DocumentSchema {
    /// Its name: that of its file, without the ending.
    pub name: &'static str,
    /// Its file, below the home.
    pub file: &'static str,
    /// The schema, as JSON Schema 2020-12.
    pub schema: Value,
}

impl DocumentSchema {
    /// The schema of a type that is read from a file.
    pub fn of<T: JsonSchema>(name: &'static str, file: &'static str) -> Self {
        let settings = SchemaSettings::draft2020_12()
            .with_transform(RecursiveTransform(for_readers_of_json as fn(&mut Schema)));
        let mut schema = SchemaGenerator::new(settings).into_root_schema_for::<T>();
        schema.insert("title".to_owned(), Value::from(file));
        let mut schema = schema.to_value();
        schema.sort_all_objects();
        Self { name, file, schema }
    }

    /// The schema as a file has it.
    ///
    /// # Panics
    ///
    /// Never: what was generated can be written.
    pub fn to_text(&self) -> String {
        let text = serde_json::to_string_pretty(&self.schema);
        text.expect("a schema can be written") + "\n"
    }
}

/// Makes what is written for readers of the code readable for those of the schema: no links into it, no line breaks.
fn for_readers_of_json(schema: &mut Schema) {
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = text.replace('\n', " ").replace("[`", "`").replace("`]", "`");
    }
}

/// Every document of policy but `venue_limits.csv`, which is a table.
pub fn documents() -> Vec<DocumentSchema> {
    vec![
        DocumentSchema::of::<HomeDocument>("fillwright", "config/fillwright.json"),
        DocumentSchema::of::<VenuesDocument>("venues", "config/venues.json"),
        DocumentSchema::of::<StrategiesDocument>("strategies", "config/strategies.json"),
        DocumentSchema::of::<BooksDocument>("books", "config/books.json"),
        DocumentSchema::of::<GroupsDocument>("groups", "config/groups.json"),
        DocumentSchema::of::<PeopleDocument>("people", "config/people.json"),
        DocumentSchema::of::<CalendarDocument>("calendar", "config/calendars/NAME.json"),
        DocumentSchema::of::<RiskEnvelopeDocument>(
            "risk_envelope",
            "config/policies/risk_envelope.json",
        ),
        DocumentSchema::of::<ExecutionPoliciesDocument>(
            "execution_policies",
            "config/policies/execution_policies.json",
        ),
        DocumentSchema::of::<DecisionTable>(
            "dra_decision_tables",
            "config/policies/dra_decision_tables.json",
        ),
        DocumentSchema::of::<OperatorBounds>(
            "operator_bounds",
            "config/policies/operator_bounds.json",
        ),
        DocumentSchema::of::<IncidentRules>(
            "incident_rules",
            "config/policies/incident_rules.json",
        ),
        DocumentSchema::of::<RouteProfiles>(
            "route_profiles",
            "config/policies/route_profiles.json",
        ),
        DocumentSchema::of::<ExecutionRoutes>(
            "execution_routes",
            "config/policies/execution_routes.json",
        ),
        DocumentSchema::of::<ExecutionRoutes>(
            "execution_routes_live",
            "config/policies/execution_routes_live.json",
        ),
        DocumentSchema::of::<LanesDocument>("lanes", "config/lanes.json"),
        DocumentSchema::of::<ApprovalsDocument>("approvals", "config/policies/approvals.json"),
        DocumentSchema::of::<ReconciliationPolicy>(
            "reconciliation",
            "config/policies/reconciliation.json",
        ),
        DocumentSchema::of::<RegimeDocument>("regime", "config/policies/regime.json"),
        DocumentSchema::of::<SessionDefinition>(
            "session",
            "config/paper_trading/session_NAME.json",
        ),
        DocumentSchema::of::<SafeModesDocument>("safe_modes", "config/policies/safe_modes.json"),
        DocumentSchema::of::<ExecutionMetricsSpec>(
            "execution_metrics_spec",
            "config/policies/execution_metrics_spec.json",
        ),
        DocumentSchema::of::<SurveillancePolicy>(
            "surveillance",
            "config/policies/surveillance.json",
        ),
    ]
}
