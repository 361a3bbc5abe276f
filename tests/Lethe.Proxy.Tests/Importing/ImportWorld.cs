using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Lethe.Proxy.Tests.Hosting;

namespace Lethe.Proxy.Tests.Importing;

/// <summary>A lethe that runs, and a folder of files for it.</summary>
internal sealed class ImportWorld : IAsyncDisposable
{
    private ImportWorld(LetheUnderTest lethe) => Lethe = lethe;

    public LetheUnderTest Lethe { get; }

    public string Folder { get; } = Directory.CreateTempSubdirectory("lethe-import-").FullName;

    public static async Task<ImportWorld> StartAsync() => new(await LetheUnderTest.StartAsync());

    public async ValueTask DisposeAsync()
    {
        await Lethe.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>Files are dated in the order in which they are written.</summary>
    public string Write(string name, params string[] lines) => Write(name, Encoding.UTF8.GetBytes(string.Join('\n', lines)));

    public string Write(string name, byte[] bytes)
    {
        var path = Path.Combine(Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
        File.SetLastWriteTimeUtc(path, new DateTime(2026, 3, 1, 0, 0, 0, DateTimeKind.Utc).AddMinutes(Directory.GetFiles(Folder, "*", SearchOption.AllDirectories).Length));
        return path;
    }

    public async Task<(int Code, JsonElement Outcome, string Error)> ImportAsync(string path, params string[] more)
    {
        var (code, output, error) = await LetheProgram.RunAsync(["import", path, "--json", "--data", Lethe.DataDirectory, .. more]);
        return (code, JsonDocument.Parse(output).RootElement, error);
    }

    /// <summary>Records of a session by the harness's own id, in capture order.</summary>
    public async Task<List<JsonElement>> RecordsAsync(string harnessSession)
    {
        var all = JsonDocument.Parse(await Lethe.Admin.GetStringAsync("/v1/exchanges?limit=100")).RootElement.GetProperty("items");
        return [.. all.EnumerateArray().Where(record => record.GetProperty("session").GetProperty("harness_session_id").GetString() == harnessSession)];
    }

    public static string Line(object value) => JsonSerializer.Serialize(value);

    public static string With(string line, string name, JsonNode? value)
    {
        var changed = JsonNode.Parse(line)!.AsObject();
        changed[name] = value;
        return changed.ToJsonString();
    }
}
