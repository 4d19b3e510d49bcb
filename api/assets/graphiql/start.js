// Starts GraphiQL with what the page carries in its data block. Ours, like start.css; the other files here are unchanged.
(function () {
  'use strict';

  const page = JSON.parse(document.getElementById('page').textContent);
  const root = document.getElementById('graphiql');

  // The library behind GraphiQL's dialogs adds a style element; the page's policy admits it by this nonce.
  window.__webpack_nonce__ = page.nonce;

  const endpoint = new URL(page.url, location.href);
  const subscriptions = page.subscriptions && new URL(page.subscriptions, location.href);
  if (subscriptions) {
    subscriptions.protocol = subscriptions.protocol.replace(/^http/, 'ws');
  }
  const fetcher = GraphiQL.createFetcher({
    url: endpoint.href,
    subscriptionUrl: subscriptions ? subscriptions.href : undefined,
  });

  root.textContent = '';
  ReactDOM.createRoot(root).render(
    React.createElement(GraphiQL, {
      fetcher,
      defaultTabs: page.tabs,
      // Headers may hold a token; they last as long as the tab does.
      shouldPersistHeaders: false,
    }),
  );
})();
