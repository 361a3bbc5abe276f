namespace Lethe.Capture.Exchanges;

/// <summary>The owner of a record. Everything belongs to exactly one.</summary>
public static class Organisation
{
    /// <summary>The nil UUID: a record whose owner nobody named.</summary>
    public const string None = "00000000-0000-0000-0000-000000000000";
}
