import { render } from "preact";
import { Store } from "./link/store.ts";
import { App } from "./views/app.tsx";
import { StoreContext } from "./views/store-context.ts";

const store = new Store();
store.start();
render(
  <StoreContext.Provider value={store}>
    <App />
  </StoreContext.Provider>,
  document.getElementById("page")!,
);
