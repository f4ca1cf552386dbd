// Runs after Airflow's own bundle, which leaves React and Chakra on globalThis, and long before Airflow imports the page: a page that is
// there already is drawn at once, where one that is imported waits for React to have shown its placeholder for a third of a second.

if (globalThis.React && globalThis.ChakraUI) import("./app.js");
