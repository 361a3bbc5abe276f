namespace Lethe.Ingest.Meaning;

/// <summary>The stable codes of what the store refuses of one delivery; what the disk, a lock or the connection refuses has none.</summary>
public static class StoreFault
{
    public const string ForeignKey = "DB_FOREIGN_KEY";
    public const string Constraint = "DB_CONSTRAINT";
    public const string Upsert = "DB_UPSERT";
    public const string Conflict = "idempotency_conflict";
    public const string Duplicate = "duplicate";

    /// <summary>A told turn that was told anew; also what is kept of the earlier wording's place, so that it can be found to be erased.</summary>
    public const string Replaced = "replaced";
}
