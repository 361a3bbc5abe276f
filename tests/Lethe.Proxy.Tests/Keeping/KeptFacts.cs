using System.Text.Json;
using System.Text.Json.Nodes;

namespace Lethe.Proxy.Tests.Keeping;

/// <summary>What of a record stays when its words go. The vendor's own usage object goes with them; what was read in it stays.</summary>
internal static class KeptFacts
{
    private static readonly string[] Names = ["exchange_id", "captured_at", "model_served", "usage", "cost_nano_usd", "outcome", "turn", "timing"];

    public static string Of(JsonElement record)
    {
        var facts = JsonNode.Parse(record.GetRawText())!.AsObject();
        facts["usage"]?.AsObject().Remove("reported");
        return string.Join(' ', Names.Select(name => facts[name]?.ToJsonString() ?? "null"));
    }
}
