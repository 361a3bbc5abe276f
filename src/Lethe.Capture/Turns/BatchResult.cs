using Lethe.Capture.Prices;

namespace Lethe.Capture.Turns;

/// <summary>One result of a batch, which may be fetched as often as one likes: what it used, and what that cost.</summary>
/// <param name="Batch">The id of the batch, or of the file that holds its results.</param>
/// <param name="Key">Equal for the same result of the same batch: half of a SHA-256 (hex) over the batch's id, the client's own id and the answer's.</param>
/// <param name="Model">The model that served it; null when not told.</param>
public sealed record BatchResult(string Batch, string Key, string? Model, Usage Usage)
{
    /// <summary>Null when there is no price.</summary>
    public Cost? Cost { get; init; }
}
