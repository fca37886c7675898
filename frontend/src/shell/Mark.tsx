/** The product's mark: two ports and the wire between them. */
export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden>
      <rect width="32" height="32" rx="9" fill="#17181c" />
      <rect x=".5" y=".5" width="31" height="31" rx="8.5" fill="none" stroke="#fff" strokeOpacity=".14" />
      <path d="M10 10.5c7 0 5 11 12 11" fill="none" stroke="#fff" strokeWidth="2.2" strokeLinecap="round" />
      <circle cx="9.5" cy="10.5" r="3.5" fill="#56B4E9" />
      <circle cx="22.5" cy="21.5" r="3.5" fill="#E69F00" />
    </svg>
  );
}
