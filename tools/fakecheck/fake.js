// Reaches the control addresses of a fake; see adapters/connectors/fakes/control.go.
export const notionURL = process.env.DOCSCTL_NOTION_BASE_URL;
export const confluenceURL = process.env.DOCSCTL_CONFLUENCE_BASE_URL;

export async function fail(base, rule) {
  const answer = await fetch(base + "/_fake/faults", { method: "POST", body: JSON.stringify(rule) });
  if (answer.status !== 204) throw new Error(await answer.text());
}

export const heal = (base) => fetch(base + "/_fake/faults", { method: "DELETE" });
