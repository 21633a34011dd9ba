/** Invented people's names by where they come from: as written, and as an e-mail address spells them. */
export interface Culture {
  readonly given: readonly (readonly [written: string, spelt: string])[]
  /** Empty: people there go by one name. */
  readonly family: readonly (readonly [written: string, spelt: string])[]
  readonly familyFirst?: true
  readonly locale: string
  readonly city: string
  readonly country: string
  readonly domain: string
}

/** `'Zoë zoe, Björn bjorn'` as pairs; a name that is plain ASCII spells itself, and blanks in a name are written `_`. */
function names(list: string): (readonly [string, string])[] {
  return list.split(', ').map(entry => {
    const [written = '', spelt = written.toLowerCase().replace(/[^a-z]/g, '')] = entry.split(' ')
    return [written.replaceAll('_', ' '), spelt] as const
  })
}

const at = { com: 'example.com', jp: 'example.co.jp' }

export const CULTURES: Readonly<Record<'emea' | 'amer' | 'apac', readonly Culture[]>> = {
  emea: [
    {
      given: names('Ada, Amelia, Oliver, Isla, Rhys, Fiona, Declan, Nia'),
      family: names("Ashworth, O'Brien, Fairweather, Pemberton, MacLeod, Thistlewood, Llewellyn"),
      locale: 'en-GB',
      city: 'London',
      country: 'GB',
      domain: at.com,
    },
    {
      given: names('Zoë zoe, Jürgen juergen, Anneliese, Björn bjoern, Käthe kaethe, Matthias'),
      family: names(
        'Müller-Lüdenscheid mueller-luedenscheid, Großmann grossmann, Schäfer schaefer, von_der_Heide vonderheide',
      ),
      locale: 'de-DE',
      city: 'Köln',
      country: 'DE',
      domain: at.com,
    },
    {
      given: names('Νίκος nikos, Ελένη eleni, Γιώργος giorgos, Σοφία sofia, Δημήτρης dimitris'),
      family: names('Παπαδάκης papadakis, Κωνσταντίνου konstantinou, Αγγελίδης angelidis, Οικονόμου oikonomou'),
      locale: 'el-GR',
      city: 'Αθήνα',
      country: 'GR',
      domain: at.com,
    },
    {
      given: names('ليلى layla, عمر omar, نور nour, يوسف yusuf, فاطمة fatima'),
      family: names('الحسن alhasan, المنصور almansour, خوري khoury, النجار alnajjar'),
      locale: 'ar-AE',
      city: 'دبي',
      country: 'AE',
      domain: at.com,
    },
    {
      given: names('Оксана oksana, Тарас taras, Соломія solomiia, Богдан bohdan'),
      family: names('Ковальчук kovalchuk, Бондаренко bondarenko, Мельник melnyk, Лисенко lysenko'),
      locale: 'uk-UA',
      city: 'Київ',
      country: 'UA',
      domain: at.com,
    },
  ],
  amer: [
    {
      given: names('Grace, Wyatt, Savannah, Marcus, Harper, Delilah, Emmett, Josephine'),
      family: names('Whitfield, Beauregard, Castellano, Okafor, Holloway, Nakai, Sutherland, Vandermeer'),
      locale: 'en-US',
      city: 'Denver',
      country: 'US',
      domain: at.com,
    },
    {
      given: names('María_José mariajose, Joaquín joaquin, Íñigo inigo, Ximena, Lucía lucia, Tomás tomas'),
      family: names('Núñez_Ibarra nunezibarra, Peñaloza penaloza, Zúñiga zuniga, Quintanilla'),
      locale: 'es-MX',
      city: 'Ciudad de México',
      country: 'MX',
      domain: at.com,
    },
    {
      given: names('João joao, Conceição conceicao, Thaís thais, Antônio antonio, Luíza luiza'),
      family: names('Guimarães guimaraes, Conceição conceicao, Araújo araujo, Figueiredo'),
      locale: 'pt-BR',
      city: 'São Paulo',
      country: 'BR',
      domain: at.com,
    },
    {
      given: names('Étienne etienne, Maëlle maelle, Noémie noemie, Benoît benoit'),
      family: names('Tremblay, Bélanger belanger, Lévesque levesque, Côté cote'),
      locale: 'fr-CA',
      city: 'Montréal',
      country: 'CA',
      domain: at.com,
    },
  ],
  apac: [
    {
      given: names('結衣 yui, 大翔 hiroto, さくら sakura, 蓮 ren, 美咲 misaki, 健太郎 kentaro'),
      family: names('東雲 shinonome, 小鳥遊 takanashi, 渡邉 watanabe, 五十嵐 igarashi, 髙橋 takahashi'),
      familyFirst: true,
      locale: 'ja-JP',
      city: '東京',
      country: 'JP',
      domain: at.jp,
    },
    {
      given: names('서연 seoyeon, 민준 minjun, 하늘 haneul, 지우 jiwoo, 도윤 doyoon'),
      family: names('남궁 namgung, 황보 hwangbo, 선우 sunwoo, 제갈 jegal'),
      familyFirst: true,
      locale: 'ko-KR',
      city: '서울',
      country: 'KR',
      domain: at.com,
    },
    {
      given: names('आरव aarav, अनन्या ananya, ईशान ishaan, मीरा meera, कबीर kabir'),
      family: names('देशपांडे deshpande, चतुर्वेदी chaturvedi, भट्टाचार्य bhattacharya, कुलकर्णी kulkarni'),
      locale: 'hi-IN',
      city: 'पुणे',
      country: 'IN',
      domain: at.com,
    },
    {
      given: names('Dewi, Budi, Wayan, Ketut, Sri_Wahyuni sriwahyuni, Putu, Made, Nyoman'),
      family: [],
      locale: 'id-ID',
      city: 'Denpasar',
      country: 'ID',
      domain: at.com,
    },
    {
      given: names('Matilda, Lachlan, Aroha, Tāne tane, Bronwyn, Callum'),
      family: names('Kingfisher, Te_Rangi terangi, Wattle, Billington, Fernhill'),
      locale: 'en-AU',
      city: 'Sydney',
      country: 'AU',
      domain: at.com,
    },
  ],
}
