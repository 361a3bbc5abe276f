using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Recording;

namespace Lethe.Proxy.Reading;

/// <summary>The read API's JSON, which <c>--json</c> prints too: snake-case names, nulls written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(IReadOnlyList<SessionSummary>))]
[JsonSerializable(typeof(SessionDetail))]
[JsonSerializable(typeof(SessionConversation))]
[JsonSerializable(typeof(Page<SessionSummary>))]
[JsonSerializable(typeof(Page<ConversationTurn>))]
[JsonSerializable(typeof(Page<ExchangeRecord>))]
[JsonSerializable(typeof(Page<ToolCallOutcome>))]
[JsonSerializable(typeof(CallAttempts))]
[JsonSerializable(typeof(ConversationMessage))]
[JsonSerializable(typeof(Comparison))]
[JsonSerializable(typeof(ChainDocument))]
[JsonSerializable(typeof(FoundDocument))]
[JsonSerializable(typeof(StatsDocument))]
[JsonSerializable(typeof(PipelineState))]
[JsonSerializable(typeof(NotReadyDocument))]
[JsonSerializable(typeof(ForgottenDocument))]
[JsonSerializable(typeof(TreeDocument))]
[JsonSerializable(typeof(OutlineDocument))]
[JsonSerializable(typeof(FacetsDocument))]
[JsonSerializable(typeof(HeadersDocument))]
[JsonSerializable(typeof(InflightDocument))]
[JsonSerializable(typeof(Recording.OpenCall))]
[JsonSerializable(typeof(Page<PromptVersion>))]
[JsonSerializable(typeof(HealthDocument))]
[JsonSerializable(typeof(ToolDocument))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    public static string Text<T>(T value) => JsonSerializer.Serialize(value, (JsonTypeInfo<T>)Default.GetTypeInfo(typeof(T))!);
}

/// <summary>One page of a list. <see cref="NextCursor"/> is null on the last.</summary>
internal sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor);

/// <summary>A session with all that was said in it.</summary>
internal sealed record SessionConversation(SessionDetail Session, IReadOnlyList<ConversationTurn> Turns);
