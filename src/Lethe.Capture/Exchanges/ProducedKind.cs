namespace Lethe.Capture.Exchanges;

/// <summary>How a producer told of an exchange, where that differs from how a wire tells it: the value of <see cref="Attribute"/>.</summary>
public static class ProducedKind
{
    public const string Attribute = "lethe.ingest.kind";

    /// <summary>The request is a vendor's own; the response is a reduction in the tapes project's shape.</summary>
    public const string Reduced = "reduced_response";

    /// <summary>No HTTP call at all: the request is one lethe turn event as it came, and there is no response.</summary>
    public const string TurnEvent = "turn_event";

    /// <summary>No call either: the request tells what an administrator has set right in the store, and there is no response.</summary>
    public const string Correction = "correction";

    /// <summary>A call out of somebody else's record of it (an agent's transcript, a HAR file): what a wire door has heard of the same answer comes first.</summary>
    public const string Imported = "imported";

    /// <summary>Under this attribute an imported call tells its answer's id, as its vendor gave it.</summary>
    public const string AnswerAttribute = "lethe.ingest.answer";

    public static string? Of(CapturedExchange exchange) =>
        exchange.Door == Door.Ingest ? exchange.Attributes.GetValueOrDefault(Attribute) : null;
}
