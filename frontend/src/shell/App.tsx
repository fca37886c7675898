import { QueryClientProvider } from '@tanstack/react-query';
import { queryClient } from '@/api/queries';
import { Toaster, TooltipProvider } from '@/ui';
import { ErrorBoundary } from './ErrorBoundary';
import { HealthNotice } from './HealthNotice';
import { Routes } from './Routes';

export function App() {
  return (
    <QueryClientProvider client={queryClient}>
      <TooltipProvider>
        <ErrorBoundary>
          <Routes />
        </ErrorBoundary>
        <HealthNotice />
        <Toaster />
      </TooltipProvider>
    </QueryClientProvider>
  );
}
