using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;

namespace Lethe.Proxy.Tests.Hosting;

/// <summary>The examples of a deployment, safe as they stand.</summary>
public sealed partial class DeploymentExampleTests : IDisposable
{
    private readonly string home = Directory.CreateTempSubdirectory("lethe-deployment-").FullName;

    public void Dispose() => Directory.Delete(home, recursive: true);

    [Fact]
    public async Task What_compose_starts_answers_other_containers_with_401_until_they_show_a_token()
    {
        var compose = await ReadAsync("compose.yaml");
        var environment = EnvironmentLine().Matches(Service(compose, "lethe")).ToDictionary(line => line.Groups[1].Value, line => line.Groups[2].Value);
        var command = ImageCommand().Match(await ReadAsync("Dockerfile")).Groups[1].Value;
        Assert.Equal("http://0.0.0.0:4142", environment["Lethe__AdminListen"]);

        // The same program, command and environment; only what a test must not do is different: it listens on loopback, at a free port.
        foreach (var key in environment.Keys.Where(key => key.EndsWith("Listen", StringComparison.Ordinal)).ToArray())
        {
            environment[key] = "http://127.0.0.1:0";
        }

        environment["Lethe__DataDirectory"] = Path.Combine(home, "data");
        using var program = LetheProgram.Start(home, environment, command);
        var admin = (await program.ReadLineAsync("  admin "))[14..];

        foreach (var path in (string[])["/v1/sessions", "/v1/exchanges", "/v1/events", "/metrics", "/"])
        {
            Assert.Equal((HttpStatusCode.Unauthorized, true), await AskAsync(admin + path, null));
        }

        Assert.Equal((HttpStatusCode.OK, false), await AskAsync(admin + "/healthz", null));
        using var create = LetheProgram.Start(home, environment, "token", "create", "--subject", "prometheus");
        var token = (await create.ExitAsync()).Output.Trim();
        Assert.Equal((HttpStatusCode.OK, false), await AskAsync(admin + "/metrics", token));
        program.Signal(LetheProgram.SigTerm);
        Assert.Equal(0, (await program.ExitAsync()).ExitCode);
    }

    [Fact]
    public async Task Compose_publishes_on_loopback_alone_and_prometheus_shows_its_token()
    {
        var compose = await ReadAsync("compose.yaml");
        var published = PublishedPort().Matches(compose).Select(port => port.Groups[1].Value).ToArray();
        var secret = CredentialsFile().Match(await ReadAsync("scripts", "prometheus.yaml")).Groups[1].Value;

        Assert.InRange(published.Length, 3, 10);
        Assert.All(published, port => Assert.StartsWith("127.0.0.1:", port, StringComparison.Ordinal));
        Assert.Contains($"secrets: [{secret}]", compose, StringComparison.Ordinal);
        Assert.Contains(secret, await ReadAsync(".gitignore"), StringComparison.Ordinal);
        Assert.Contains(secret, await ReadAsync(".dockerignore"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_database_is_reached_by_its_recorder_alone_with_a_password_that_stands_in_no_configuration()
    {
        var compose = await ReadAsync("compose.yaml");
        var database = Service(compose, "postgres");
        var recorder = Service(compose, "lethe-postgres");
        var secret = PasswordFile().Match(database).Groups[1].Value;

        Assert.Contains("image: postgres:15", database, StringComparison.Ordinal);
        Assert.DoesNotContain("ports:", database, StringComparison.Ordinal);
        Assert.Contains("networks: [store]", database, StringComparison.Ordinal);
        Assert.Contains("store:\n    internal: true", compose, StringComparison.Ordinal);
        Assert.Contains("pg_isready", database, StringComparison.Ordinal);
        Assert.Contains("condition: service_healthy", recorder, StringComparison.Ordinal);
        Assert.Contains("Lethe__Sink: postgres", recorder, StringComparison.Ordinal);
        Assert.Contains($"Lethe__Postgres__PasswordFile: /run/secrets/{secret}", recorder, StringComparison.Ordinal);
        Assert.All((string[])[database, recorder], service => Assert.Contains($"secrets: [{secret}]", service, StringComparison.Ordinal));
        Assert.DoesNotContain("Password=", compose, StringComparison.Ordinal);
        Assert.Contains(secret, await ReadAsync(".gitignore"), StringComparison.Ordinal);
        Assert.Contains(secret, await ReadAsync(".dockerignore"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_a_cluster_the_record_is_read_on_the_pods_loopback_and_a_policy_says_who_comes_in()
    {
        var cluster = await ReadAsync("envoy", "kubernetes", "lethe.yaml");
        var open = cluster.Split("---")[1..];

        Assert.Contains("{ name: Lethe__AdminListen, value: \"http://127.0.0.1:4142\" }", cluster, StringComparison.Ordinal);
        Assert.All(open, document => Assert.DoesNotContain("4142", document, StringComparison.Ordinal));
        Assert.Contains(open, document => document.Contains("kind: NetworkPolicy", StringComparison.Ordinal));
    }

    private static string Service(string compose, string name)
    {
        var from = compose.IndexOf($"\n  {name}:", StringComparison.Ordinal);
        return compose[from..compose.IndexOf("\n\n", from, StringComparison.Ordinal)];
    }

    private static Task<string> ReadAsync(params string[] path) => File.ReadAllTextAsync(Path.Combine([Checkout.Root, .. path]));

    private static async Task<(HttpStatusCode Status, bool Challenged)> AskAsync(string address, string? token)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Host = "lethe:4142";
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return (response.StatusCode, response.Headers.WwwAuthenticate.Any(challenge => challenge.Scheme == "Bearer"));
    }

    [GeneratedRegex(@"^ +(Lethe__\w+): (\S+)$", RegexOptions.Multiline)]
    private static partial Regex EnvironmentLine();

    [GeneratedRegex(@"^CMD \[""(\w+)""\]$", RegexOptions.Multiline)]
    private static partial Regex ImageCommand();

    [GeneratedRegex(@"^ +- ""([\d.:]+)""$", RegexOptions.Multiline)]
    private static partial Regex PublishedPort();

    [GeneratedRegex("POSTGRES_PASSWORD_FILE: /run/secrets/(.+)$", RegexOptions.Multiline)]
    private static partial Regex PasswordFile();

    [GeneratedRegex("credentials_file: /run/secrets/(.+)$", RegexOptions.Multiline)]
    private static partial Regex CredentialsFile();
}
