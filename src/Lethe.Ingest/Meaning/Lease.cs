namespace Lethe.Ingest.Meaning;

/// <summary>The right to do a job that one at a time does, until it runs out.</summary>
/// <param name="Name">The job.</param>
/// <param name="Owner">Who holds it, for people to read.</param>
/// <param name="Token">Tells this holding from every other.</param>
/// <param name="Fencing">Grows each time the lease changes hands, and never falls.</param>
public sealed record Lease(string Name, string Owner, Guid Token, long Fencing, DateTimeOffset ExpiresAt);
