using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lethe.Proxy.Tests.Hosting;

namespace Lethe.Proxy.Tests.Admin;

/// <summary>What programs may rely on changes only where somebody means it to.</summary>
public sealed class ApiDocumentTests
{
    /// <summary>Of the routes below and what each takes: whoever changes one changes this, and says so where users read it.</summary>
    private const string Fingerprint = "6e4efe7080e193647cc721103e736c00eee7468f2416b6c584c80369f1b70214";

    [Fact]
    public async Task The_document_names_every_route_of_the_interface_and_is_sealed()
    {
        await using var lethe = await LetheUnderTest.StartAsync();
        using var response = await lethe.Admin.GetAsync("/openapi/v1.json");
        var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;

        Assert.StartsWith("3.", document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        var routes = document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(verb => $"{verb.Name} {path.Name}{Taken(verb.Value)}")).Order(StringComparer.Ordinal).ToList();
        Assert.Contains("post /v1/ingest?dry_run&org&results&wait", routes);
        Assert.Contains("get /v1/events?Last-Event-ID&after&org&session&view", routes);
        Assert.Contains("get /v1/exchanges/{id}/compare?id&org&with", routes);
        Assert.All(routes, route => Assert.Contains("/v1/", route, StringComparison.Ordinal));
        var text = string.Join('\n', routes);
        var fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        Assert.True(fingerprint == Fingerprint, $"{fingerprint} is the fingerprint of\n{text}");
    }

    private static string Taken(JsonElement operation) => operation.TryGetProperty("parameters", out var taken)
        ? "?" + string.Join('&', taken.EnumerateArray().Select(one => one.GetProperty("name").GetString()).Order(StringComparer.Ordinal))
        : "";
}
