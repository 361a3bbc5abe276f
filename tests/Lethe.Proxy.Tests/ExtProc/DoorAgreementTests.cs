using System.Text.Json.Nodes;

namespace Lethe.Proxy.Tests.ExtProc;

/// <summary>The same call through the forwarding door and through the Envoy door is the same record, field by field, but for the door, the id and the clock.</summary>
public sealed class DoorAgreementTests(AgreedRecords records) : IClassFixture<AgreedRecords>
{
    private static readonly string[] OfEach = ["door", "capture_mode", "exchange_id", "commit_key", "captured_at", "timing"];

    public static TheoryData<string, bool> Calls
    {
        get
        {
            var calls = new TheoryData<string, bool>();
            foreach (var call in AgreedCalls.All)
            {
                calls.Add(call.Name, true);
                calls.Add(call.Name, false);
            }

            return calls;
        }
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public void Both_doors_write_the_same_record(string name, bool observing)
    {
        var call = AgreedCalls.All.Single(call => call.Name == name);
        var (forwarded, shown) = (records.Forwarded(name), records.Shown(name, observing));
        Assert.Equal(("forwarding", "ext_proc"), ((string?)forwarded["door"], (string?)shown["door"]));
        Assert.Equal(call.Outcomes, ((string?)forwarded["outcome"], (string?)shown["outcome"]));
        Assert.Equal(Comparable(forwarded, call.Differs), Comparable(shown, call.Differs));
    }

    [Fact]
    public void What_a_cost_is_made_of_is_among_what_they_write_and_adds_up_to_it()
    {
        var costs = AgreedCalls.All.Select(call => records.Forwarded(call.Name)).Where(record => record["cost"] is JsonObject).ToList();
        Assert.NotEmpty(costs);
        Assert.All(costs, record => Assert.Equal((long)record["cost_nano_usd"]!, record["cost"]!.AsObject().Sum(part => (long)part.Value!)));
    }

    private static string[] Comparable(JsonObject record, string[] differs)
    {
        foreach (var own in OfEach)
        {
            Assert.True(record.ContainsKey(own), $"the record has no {own}");
        }

        return [.. record.Where(field => !OfEach.Contains(field.Key) && !differs.Contains(field.Key)).Select(field => $"{field.Key}: {Short(field.Value)}")];
    }

    private static string Short(JsonNode? value)
    {
        var text = value?.ToJsonString() ?? "null";
        return text.Length <= 4000 ? text : $"{text[..2000]}… {text.Length} characters, hash {Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)))}";
    }
}
