import { render } from "preact";
import "uplot/dist/uPlot.min.css";
import "./styles/base.css";
import "./styles/tables.css";
import "./styles/charts.css";
import "./styles/rollout.css";
import { App } from "./app.tsx";
import { signIn } from "./session.ts";
import { startTheme } from "./theme.ts";

startTheme();
const refusal = await signIn();
const page = document.getElementById("page");
if (page !== null) render(<App refusal={refusal} />, page);
