using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lethe.Proxy.Tests.Hosting;

namespace Lethe.Proxy.Tests.Admin;

/// <summary>What programs may rely on changes only where somebody means it to.</summary>
public sealed class ApiDocumentTests
{
    /// <summary>Of the routes below: whoever changes one changes this, and says so where users read it.</summary>
    private const string Fingerprint = "0e894499eb87468f9d2bc94f2d7bdd4a153acbf8dbc481f5b59562dd43661d70";

    [Fact]
    public async Task The_document_names_every_route_of_the_interface_and_is_sealed()
    {
        await using var lethe = await LetheUnderTest.StartAsync();
        using var response = await lethe.Admin.GetAsync("/openapi/v1.json");
        var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;

        Assert.StartsWith("3.", document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        var routes = document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(verb => $"{verb.Name} {path.Name}")).Order(StringComparer.Ordinal).ToList();
        Assert.Contains("post /v1/ingest", routes);
        Assert.Contains("get /v1/events", routes);
        Assert.All(routes, route => Assert.Contains("/v1/", route, StringComparison.Ordinal));
        var text = string.Join('\n', routes);
        var fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        Assert.True(fingerprint == Fingerprint, $"{fingerprint} is the fingerprint of\n{text}");
    }
}
