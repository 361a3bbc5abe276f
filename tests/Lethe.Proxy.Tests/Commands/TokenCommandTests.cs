using System.Text.Json;
using Lethe.Proxy.Recording;

namespace Lethe.Proxy.Tests.Commands;

public sealed class TokenCommandTests : IDisposable
{
    private const string Org = "0b6f1c1e-0000-4000-8000-000000000001";

    private readonly string home = Directory.CreateTempSubdirectory("lethe-token-").FullName;

    public void Dispose() => Directory.Delete(home, recursive: true);

    [Fact]
    public async Task A_token_is_printed_once_listed_without_its_secret_and_revoked()
    {
        var created = JsonDocument.Parse(await RunAsync(0, "create", "--json", "--org", Org, "--subject", "ci", "--scope", "ingest", "--scope", "read", "--expires", "30d")).RootElement;
        var plain = (await RunAsync(0, "create")).Trim();

        Assert.Equal(["id", "token", "org", "subject", "scopes", "expires_at"], created.EnumerateObject().Select(member => member.Name));
        Assert.Equal((Org, "ci"), (created.GetProperty("org").GetString(), created.GetProperty("subject").GetString()));
        Assert.Equal(["read", "ingest"], created.GetProperty("scopes").EnumerateArray().Select(scope => scope.GetString()));
        Assert.InRange(created.GetProperty("expires_at").GetDateTimeOffset() - TimeProvider.System.GetUtcNow(), TimeSpan.FromDays(29.9), TimeSpan.FromDays(30));
        Assert.Matches("^lethe_[0-9a-f]{16}_[0-9a-f]{64}$", plain);

        var listed = await RunAsync(0, "list", "--json");
        var table = await RunAsync(0, "list");
        var id = created.GetProperty("id").GetString()!;
        Assert.Equal([id, plain.Split('_')[1]], JsonDocument.Parse(listed).RootElement.EnumerateArray().Select(token => token.GetProperty("id").GetString()));
        Assert.DoesNotContain(plain.Split('_')[2], listed + table, StringComparison.Ordinal);
        Assert.Contains(id, table, StringComparison.Ordinal);

        await RunAsync(0, "revoke", id);
        await RunAsync(1, "revoke", id);
        Assert.Equal(1, JsonDocument.Parse(await RunAsync(0, "list", "--json")).RootElement.GetArrayLength());
    }

    [Theory]
    [InlineData("create", "--scope", "everything")]
    [InlineData("create", "--org", "ours")]
    [InlineData("create", "--expires", "soon")]
    [InlineData("create", "--expires", "0d")]
    [InlineData("create", "--expires", "99999d")]
    [InlineData("revoke")]
    [InlineData]
    public async Task What_makes_no_sense_exits_2_and_makes_nothing(params string[] arguments)
    {
        await RunAsync(2, arguments);

        Assert.False(File.Exists(Path.Combine(home, "data", "tokens.json")));
    }

    [Fact]
    public async Task A_file_that_is_no_list_of_tokens_exits_3_and_is_left_alone()
    {
        var file = Path.Combine(DataDirectory.Prepare(Path.Combine(home, "data")), "tokens.json");
        await File.WriteAllTextAsync(file, "[{");

        await RunAsync(3, "create");
        await RunAsync(3, "list");

        Assert.Equal("[{", await File.ReadAllTextAsync(file));
    }

    private async Task<string> RunAsync(int code, params string[] arguments)
    {
        var (exitCode, output, error) = await LetheProgram.RunInAsync(home, ["token", .. arguments, "--data", Path.Combine(home, "data")]);
        Assert.True(exitCode == code, $"{string.Join(' ', arguments)}: exit {exitCode}\n{output}\n{error}");
        Assert.Equal(code == 0 || code == 2, error.Length == 0 || code == 2);
        return output;
    }
}
