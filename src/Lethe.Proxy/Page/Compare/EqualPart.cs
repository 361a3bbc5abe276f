using System.Text.Json;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Reading;

namespace Lethe.Proxy.Page.Compare;

/// <summary>A part that both calls have at the same place, in one line.</summary>
public sealed record EqualPart(int Index, string Name, string Brief)
{
    /// <summary>The last of so many are shown: what is near the first difference.</summary>
    public const int PartsMax = 100;

    private const int BriefMax = 140;

    private static readonly JsonDocumentOptions AnyDepth = new() { MaxDepth = 256 };

    /// <param name="equal">How many messages both begin with.</param>
    internal static IReadOnlyList<EqualPart> Messages(StoreReader reader, string org, ExchangeRecord call, int equal) => call.Chain?.Leaf is not { } leaf ? [] :
    [
        .. reader.Chain(org, leaf).Take(equal).Index().TakeLast(PartsMax).Select(place => (place.Index, Message: reader.Message(org, place.Item))).Where(place => place.Message is not null)
            .Select(place => new EqualPart(place.Index, place.Message!.Role, Terminal.Format.OneLine(string.Join(" · ", MessageBlocks.Of(place.Message.Body).Select(Words)), BriefMax))),
    ];

    internal static IReadOnlyList<EqualPart> Tools(StoreReader reader, string org, ExchangeRecord call, ListChange tools)
    {
        if (call.Chain?.Tools is not { } hash || reader.Blob(org, hash) is not { } list)
        {
            return [];
        }

        var changed = tools.Changes.Where(change => change.Change != "gone").Select(change => change.Index).ToHashSet();
        using var document = JsonDocument.Parse(list, AnyDepth);
        return document.RootElement.ValueKind != JsonValueKind.Array ? [] :
        [
            .. document.RootElement.EnumerateArray().Index().Where(part => !changed.Contains(part.Index)).Take(PartsMax)
                .Select(part => new EqualPart(part.Index, PromptWords.NameOf(part.Item) ?? "", Terminal.Format.OneLine(JsonWord.Of(part.Item, "description") ?? "", BriefMax))),
        ];
    }

    private static string Words(Block block) => block switch
    {
        SaidBlock said => said.Text,
        ThoughtBlock thought => "(thought) " + thought.Text,
        ToolUseBlock use => $"{use.Name} {use.Arguments}",
        ToolResultBlock result => "result: " + result.Text,
        MediaBlock media => media.Kind,
        OtherBlock other => other.Kind,
        _ => "",
    };
}
