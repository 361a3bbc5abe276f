using System.Text.Json;
using Lethe.Capture;
using Lethe.Capture.Turns;

namespace Lethe.Ingest.Meaning;

/// <summary>What of an exchange depends on others: the other tries of the same call, and the other times that its answer was heard.</summary>
internal sealed class Attempt
{
    public required string OrgId { get; init; }

    public required CaptureClock Clock { get; init; }

    /// <summary>Microseconds since the epoch.</summary>
    public required long EndedAt { get; init; }

    public required Outcome Outcome { get; init; }

    public required bool HasReply { get; init; }

    public required Heard Heard { get; set; }

    /// <summary>True when it only tells of an answer: it asked for one that was kept, or was imported.</summary>
    public bool IsAsked { get; init; }

    /// <summary>True when it fetched a batch's results.</summary>
    public bool BringsResults { get; set; }

    /// <summary>True when it was imported.</summary>
    public bool IsImport { get; init; }

    /// <summary>True for an answer that another exchange counts.</summary>
    public bool IsRepeat { get; set; }

    /// <summary>The session that the exchange itself names.</summary>
    public Guid? OwnSession { get; set; }

    public Guid? Session { get; set; }

    public bool IsTurn { get; set; }

    public int Number { get; set; } = 1;

    public Guid? RetryOf { get; set; }

    /// <summary>Its number among the turns of its session.</summary>
    public long? Seq { get; set; }

    /// <summary>True once it is in its session's counters.</summary>
    public bool IsCounted { get; set; }

    /// <summary>True for a reply that no other exchange counts.</summary>
    public bool CountsReply => HasReply && !IsRepeat;

    /// <summary>What a call that asked for what was kept is, by what it counts.</summary>
    public string OperationAsked => StoredWord.Of(IsRepeat || BringsResults ? Operation.Other : Operation.Chat);

    public Heard Counted => IsRepeat ? Heard.Nothing : Heard;

    public ExchangeTally Tally => ExchangeTally.Of(Outcome, IsTurn, Counted);

    /// <summary>What is kept aside of an answer that another exchange counts; null when this one counts it.</summary>
    public string? RepeatedJson() => IsRepeat ? JsonSerializer.Serialize(new RepeatedAnswer(HasReply, Heard), StoredJson.Default.RepeatedAnswer) : null;
}
