import { QueryClientProvider } from '@tanstack/react-query';
import { queryClient } from '@/api/queries';
import { Toaster, TooltipProvider } from '@/ui';
import { Routes } from './Routes';

export function App() {
  return (
    <QueryClientProvider client={queryClient}>
      <TooltipProvider>
        <Routes />
        <Toaster />
      </TooltipProvider>
    </QueryClientProvider>
  );
}
