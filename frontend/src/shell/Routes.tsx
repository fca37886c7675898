import { Switch, Route } from 'wouter';

export function Routes() {
  return (
    <Switch>
      <Route path="/">GenAISys Studio</Route>
    </Switch>
  );
}
