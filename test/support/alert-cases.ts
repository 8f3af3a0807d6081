import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parse, stringify } from "yaml";
import { RULES, readAlerts } from "./monitoring.ts";

/** One question of a case: which alerts fire at a time. */
interface Question {
  readonly alertname: string;
  readonly exp_alerts?: readonly { readonly exp_annotations: Readonly<Record<string, string>> }[];
}

interface Case {
  readonly name: string;
  readonly alert_rule_test: readonly Question[];
}

const CASES = "test/fixtures/alerts/cases.yaml";

/** What alerts are tried on. */
export interface AlertCases {
  /** As `promtool test rules` reads them. */
  readonly file: string;
  /** Names of the alerts that fire in some case, and of those that do not at some time; each once, sorted. */
  readonly firing: readonly string[];
  readonly silent: readonly string[];
}

/** Reads the cases; each alert in them gets the description that it has in the rules, since promtool compares that too. */
export async function readAlertCases(): Promise<AlertCases> {
  const cases = parse(await readFile(CASES, "utf8")) as Case[];
  const descriptions = new Map(
    readAlerts().map(({ alert, annotations }) => [alert, annotations["description"] ?? ""]),
  );
  const questions = cases.flatMap(({ alert_rule_test }) => alert_rule_test);
  const namesOf = (some: readonly Question[]) => [...new Set(some.map(({ alertname }) => alertname))].sort();
  const described = ({ alertname, exp_alerts = [], ...rest }: Question) => ({
    ...rest,
    alertname,
    exp_alerts: exp_alerts.map((alert) => ({
      ...alert,
      exp_annotations: { ...alert.exp_annotations, description: descriptions.get(alertname) },
    })),
  });
  return {
    file: stringify({
      rule_files: [resolve(RULES)],
      evaluation_interval: "1m",
      tests: cases.map((one) => ({
        interval: "1m",
        ...one,
        alert_rule_test: one.alert_rule_test.map(described),
      })),
    }),
    firing: namesOf(questions.filter(({ exp_alerts = [] }) => exp_alerts.length > 0)),
    silent: namesOf(questions.filter(({ exp_alerts = [] }) => exp_alerts.length === 0)),
  };
}
