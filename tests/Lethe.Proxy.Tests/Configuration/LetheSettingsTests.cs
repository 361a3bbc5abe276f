using Lethe.Proxy.Configuration;
using Microsoft.Extensions.Configuration;

namespace Lethe.Proxy.Tests.Configuration;

public sealed class LetheSettingsTests
{
    [Fact]
    public void All_errors_are_told_at_once_and_each_names_its_key()
    {
        var reading = Read(
            ("DataDirectory", " "),
            ("Listen", "https://127.0.0.1:1"),
            ("AdminListen", "unix:/run/x"),
            ("ExtProc:Listen", "4143"),
            ("ExtProc:MessageBytesMax", "1"),
            ("Upstreams:here:Address", "ftp://x"),
            ("Upstreams:here:Provider", "two words"),
            ("Upstreams:here:PathPrefix", "here"),
            ("Upstreams:there:Address", "http://there.example"),
            ("Upstreams:there:PathPrefix", "/OpenAI"),
            ("Upstreams:x:Provider", "openai"),
            ("Capture:BodyBytesMax", "-1"),
            ("Journal:SegmentBytesMax", "10"),
            ("Journal:FlushIntervalMilliseconds", "5000"),
            ("Journal:Durability", "eternal"),
            ("Sink", "oracle"));

        Assert.Equal(
            """
            the configuration has 15 errors:
              Lethe:DataDirectory: must name a directory.
              Lethe:Listen: 'https://127.0.0.1:1' is not http://ADDRESS:PORT with an IP address, localhost or *.
              Lethe:AdminListen: 'unix:/run/x' is not http://ADDRESS:PORT with an IP address, localhost or *.
              Lethe:ExtProc:Listen: '4143' is not http://ADDRESS:PORT with an IP address, localhost or *, nor unix:/absolute/path.
              Lethe:Upstreams:here:Address: 'ftp://x' is not an http:// or https:// address without query.
              Lethe:Upstreams:here:Provider: 'two words' is not a word of letters, digits, '-', '_' and '.'.
              Lethe:Upstreams:here:PathPrefix: 'here' is not a path like /name, nor / alone.
              Lethe:Upstreams:x:Address: is missing, and there is no built-in upstream 'x'.
              Lethe:Upstreams: openai and there share the prefix /openai/.
              Lethe:ExtProc:MessageBytesMax: 1 is not between 65536 and 1073741824.
              Lethe:Capture:BodyBytesMax: -1 is not between 0 and 1073741824.
              Lethe:Journal:SegmentBytesMax: 10 is not between 4096 and 17179869184.
              Lethe:Journal:FlushIntervalMilliseconds: 5000 is not between 0 and 1000.
              Lethe:Journal:Durability: 'eternal' is not one of: relaxed, strict.
              Lethe:Sink: 'oracle' is not one of: sqlite, postgres, memory, remote.
            """,
            reading.Describe());
    }

    [Fact]
    public void A_value_of_the_wrong_kind_and_a_key_that_is_none_are_errors()
    {
        var reading = Read(("Journal:PartBytes", "many"), ("Redaction:Bodies", "perhaps"), ("Journl:PartBytes", "1"), ("Sink:Name", "x"), ("Journal", "x"));

        Assert.Equal(4, reading.Errors.Count);
        Assert.Contains("Lethe:Journal: takes keys below it, not a value.", reading.Errors);
        Assert.Contains("Lethe:Redaction:Bodies: 'perhaps' is not true or false.", reading.Errors);
        Assert.Contains("Lethe:Sink: takes a value, not keys below it.", reading.Errors);
        Assert.Contains(reading.Errors, error => error.StartsWith("Lethe:Journl: no such key; here are DataDirectory, Listen", StringComparison.Ordinal));
    }

    [Fact]
    public void A_value_that_cannot_be_read_hides_no_other_error()
    {
        var reading = Read(("Journal:PartBytes", "many"), ("Sink", "oracle"));

        Assert.Equal(["Lethe:Journal:PartBytes: 'many' is not a whole number in range.", "Lethe:Sink: 'oracle' is not one of: sqlite, postgres, memory, remote."], reading.Errors);
    }

    [Fact]
    public void Rules_that_refuse_calls_are_read_by_name_or_number_and_checked()
    {
        var options = Read(("ExtProc:RedactRequests", "true"), ("ExtProc:Block:0:PathPrefix", "/v1/files"), ("ExtProc:Block:big:Model", "claude-opus*"), ("ExtProc:Block:big:Status", "429")).Settings.Options.ExtProc;
        Assert.True(options.RedactRequests);
        Assert.Equal(("/v1/files", 403), (options.Block["0"].PathPrefix, options.Block["0"].Status));
        Assert.Equal(("claude-opus*", 429), (options.Block["big"].Model, options.Block["big"].Status));

        Assert.Equal(
            [
                "Lethe:ExtProc:Block:a: needs PathPrefix, Model or Harness: it would refuse every call.",
                "Lethe:ExtProc:Block:b:PathPrefix: 'v1' is not the beginning of a path like /v1/.",
                "Lethe:ExtProc:Block:b:Model: 'a*b' is not a model's name, nor its beginning and a star.",
                "Lethe:ExtProc:Block:b:Harness: '' is not a harness's id.",
                "Lethe:ExtProc:Block:b:Status: 451 is not a status of 400 and up that Envoy can answer with.",
            ],
            Read(("ExtProc:Block:a:Status", "403"), ("ExtProc:Block:b:PathPrefix", "v1"), ("ExtProc:Block:b:Model", "a*b"), ("ExtProc:Block:b:Harness", ""), ("ExtProc:Block:b:Status", "451")).Errors);
    }

    [Fact]
    public void Two_doors_at_one_address_are_an_error_unless_the_port_is_chosen_for_them()
    {
        Assert.Equal(
            ["Lethe:AdminListen: is the same address as Lethe:Listen."],
            Read(("Listen", "http://localhost:9000"), ("AdminListen", "http://127.0.0.1:9000")).Errors);
        Assert.Empty(Read(("Listen", "http://127.0.0.1:0"), ("AdminListen", "http://127.0.0.1:0")).Errors);
    }

    [Fact]
    public void Values_reach_the_options()
    {
        var options = Read(
            ("ExtProc:Listen", "unix:/run/lethe.sock"),
            ("Upstreams:mine:Address", "https://models.example.com/base"),
            ("Capture:BodyBytesMax", "4096"),
            ("AllowedHosts", "lethe.internal, *.other"),
            ("Redaction:Bodies", "True")).Settings.Options;

        Assert.Equal("unix:/run/lethe.sock", options.ExtProc.Listen);
        Assert.Equal("https://models.example.com/base", options.Upstreams["MINE"].Address);
        Assert.Equal(4096, options.Capture.BodyBytesMax);
        Assert.Equal(["lethe.internal", "*.other"], options.AllowedHosts);
        Assert.True(options.Redaction.Bodies);
    }

    [Theory]
    [InlineData("http://127.0.0.1:4141", "127.0.0.1:4141")]
    [InlineData("http://localhost:0", "127.0.0.1:0")]
    [InlineData("http://[::1]:80", "[::1]:80")]
    [InlineData("http://*:8080", "[::]:8080")]
    [InlineData("http://0.0.0.0:8080/", "0.0.0.0:8080")]
    [InlineData("unix:/run/x", null)]
    public void An_address_to_listen_on_is_an_endpoint_or_a_socket(string text, string? endPoint)
    {
        Assert.True(ListenAddress.TryParse(text, out var address));
        Assert.Equal(endPoint, address.EndPoint?.ToString());
    }

    [Theory]
    [InlineData("http://example.com:80")]
    [InlineData("http://127.0.0.1:80/path")]
    [InlineData("127.0.0.1:80")]
    [InlineData("unix:relative")]
    [InlineData("")]
    public void Anything_else_is_none(string text) => Assert.False(ListenAddress.TryParse(text, out _));

    [Fact]
    public void Secrets_are_masked_where_the_configuration_is_shown()
    {
        var settings = Read(("Upstreams:mine:Address", "https://user:hunter2@models.example.com")).Settings;
        var shown = EffectiveConfiguration.Render(settings with
        {
            Configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["ReverseProxy:Routes:a:Metadata:ApiKey"] = "sk-secret",
                ["ReverseProxy:Routes:a:Transforms:0:RequestHeader"] = "x-gate",
                ["ReverseProxy:Routes:a:Transforms:0:Set"] = "sk-secret-too",
                ["ReverseProxy:Routes:a:Match:Path"] = "/a",
            }).Build(),
        });

        Assert.DoesNotContain("hunter2", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("sk-secret", shown, StringComparison.Ordinal);
        Assert.Contains("https://***@models.example.com", shown, StringComparison.Ordinal);
        Assert.Contains("\"RequestHeader\": \"x-gate\"", shown, StringComparison.Ordinal);
        Assert.Contains("\"Path\": \"/a\"", shown, StringComparison.Ordinal);
    }

    private static SettingsReading Read(params (string Key, string Value)[] pairs) =>
        LetheSettings.Read(pairs.ToDictionary(pair => "Lethe:" + pair.Key, pair => (string?)pair.Value), withWorkingDirectory: false);
}
